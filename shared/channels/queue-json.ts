/** JSON for queues, functions and everything else that subscribes: the same facts for programs. */
import type { MessageFacts } from './message-facts.ts';

export function renderQueueJson(facts: MessageFacts): object {
  const { kind, severity, tenant, at, account, region, subject, entries, count, data, fullList } = facts;
  return {
    version: 1,
    kind,
    severity,
    tenant,
    at: at.toISOString(),
    account,
    region,
    summary: subject,
    ...data.more,
    count,
    [data.entries]: entries.map((entry) => entry.data),
    notListed: count - entries.length,
    fullList: fullList ?? null,
  };
}
