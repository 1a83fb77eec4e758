/** Messages about S3 copies that failed for good, are incomplete, or are stuck (`copy-failed`). A copy is never a backup. */
import { type Backup, copyCauses, copyPhrase, environmentOf } from '../domain/index.ts';
import { asciiLine, gsm7Line, oneLine } from '../lib/safe-text.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import { copyReasonOf } from '../reasons/index.ts';
import {
  footer,
  labelled,
  leftOut,
  type MessageContext,
  mostListed,
  type Rendering,
  renderingFor,
  wordCounts,
} from './alert-messages.ts';
import { chatNotification, linkOrPath, markdown } from './chat.ts';
import { jsonCause } from './json-causes.ts';
import { databaseLink, runbookAnchors, runbookLink } from './links.ts';
import { fitting, type Message, manyTenants } from './message.ts';

/** Longest texts from outside: names (RDS's own limit is 63), words of a later version, reasons. */
const maxName = 63;
const maxWord = 40;
const maxReason = 700;

/** One message about a tenant's copies (`undefined`: of databases without a tenant); `failed` must not be empty. */
export function composeCopyFailed(
  tenant: string | undefined,
  failed: readonly Backup[],
  context: MessageContext,
): Message {
  const sorted = [...failed].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  const rendering = renderingFor(audienceOf(tenant), context);
  return fitting(mostListed, (limit) => compose(tenant, sorted, sorted.slice(0, limit), rendering));
}

function audienceOf(tenant: string | undefined) {
  return tenant === undefined ? 'operators' : 'all';
}

function compose(
  tenant: string | undefined,
  failed: readonly Backup[],
  listed: readonly Backup[],
  rendering: Rendering,
): Message {
  const { now, account, region, fullList } = rendering;
  const subject = asciiLine(subjectOf(tenant, failed), 99);
  const runbook = runbookLink(rendering.runbookUrl, runbookAnchors.copyFailed);
  const notListed = failed.length - listed.length;
  return {
    subject,
    texts: {
      email: [
        `${subjectOf(tenant, failed)}.`,
        'The backups themselves are in RDS and count; what is missing is their copy in S3.',
        '',
        ...listed.flatMap((backup) => [...block(backup, rendering), '']),
        ...notListedLines(notListed, rendering),
        `Runbook: ${runbook}`,
        footer(rendering),
      ].join('\n'),
      sms: gsm7Line(`${subjectOf(tenant, failed)}. ${failed[0] ? reasonOf(failed[0], rendering, '') : ''}`, 160),
      chat: chatNotification({
        title: `:warning: ${subjectOf(tenant, failed)}`,
        lines: [
          ...listed.map(
            (backup) =>
              `- *${markdown(backup.databaseId, maxName)}*, backup of ${formatUtc(momentOf(backup))}, copy ${phraseOf(backup)}: ${markdown(reasonOf(backup, rendering), 300)}`,
          ),
          notListed > 0 ? `...and ${notListed} more` : '_The backups themselves are in RDS and count._',
        ],
        nextSteps: [linkOrPath(runbook, 'Runbook')],
        threadId: `rds-backup-ledger-copies-${asciiLine(tenant ?? 'none', 64).replace(/[^\w-]/g, '-')}-${now.toISOString().slice(0, 10)}`,
      }),
      body: {
        version: 1,
        kind: 'copy-failed',
        severity: 'warning',
        tenant: tenant ?? manyTenants,
        at: now.toISOString(),
        account,
        region,
        summary: subject,
        count: failed.length,
        copies: listed.map((backup) => bodyEntry(backup, rendering)),
        notListed,
        fullList: fullList ?? null,
      },
    },
    attributes: {
      tenant: tenant ?? manyTenants,
      severity: 'warning',
      kind: 'copy-failed',
      audience: audienceOf(tenant),
    },
  };
}

/** Tenants' recipients have no command line to see the others with. */
function notListedLines(count: number, rendering: Rendering): string[] {
  if (rendering.audience === 'operators') return leftOut(count, rendering, 'npx rds-backup-ledger copies');
  return count > 0 ? [`And ${count} more.`, ''] : [];
}

/** What a copy that people are notified of is; one that still moves takes too long. */
function phraseOf({ copy }: Backup): string {
  return oneLine(copyPhrase(copy.state), maxWord);
}

function reasonOf({ copy }: Backup, rendering: Rendering, otherwise = 'no reason given'): string {
  return copyReasonOf(copy, rendering) ?? otherwise;
}

/** `WARNING acme: 2 copies failed, 1 stuck`; one names its database. */
function subjectOf(tenant: string | undefined, failed: readonly Backup[]): string {
  const [first, ...rest] = wordCounts(failed.map(phraseOf));
  const [word, count] = first ?? ['failed', 0];
  const one = failed.length === 1 && failed[0] ? ` (${oneLine(failed[0].databaseId, maxName)})` : '';
  const others = rest.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `WARNING ${oneLine(tenant ?? 'no tenant', 40)}: ${count} S3 ${count === 1 ? 'copy' : 'copies'} ${word}${one}${others}`;
}

function block(backup: Backup, rendering: Rendering): string[] {
  const { copy } = backup;
  const facts: [label: string, text: string | undefined][] = [
    ['Backup', `${formatUtc(momentOf(backup))} (${oneLine(backup.id, 255)})`],
    ['Copy', `${oneLine(copy.mode, maxWord)}, attempt ${copy.attempt}${lasted(copy)}`],
    ['To', copy.bucket && `s3://${oneLine(copy.bucket, 63)}/${oneLine(copy.prefix ?? '', 200)}`],
    ['Task', copy.taskId && oneLine(copy.taskId, 60)],
    ['Why', oneLine(reasonOf(backup, rendering), maxReason)],
    [
      'RDS console',
      databaseLink({ key: backup.database, id: oneLine(backup.databaseId, maxName), kind: backup.databaseKind }),
    ],
  ];
  const title = `COPY ${phraseOf(backup).toUpperCase()} ${oneLine(backup.databaseId, maxName)} (${oneLine(backup.engine, 40)}, ${oneLine(backup.databaseKind, maxWord)})`;
  return [title, ...facts.flatMap(([label, text]) => (text ? labelled(label, text) : []))];
}

function lasted({ startedAt, endedAt }: Backup['copy']): string {
  if (!startedAt) return '';
  const until = endedAt ? `, ended after ${formatAge(endedAt.getTime() - startedAt.getTime())}` : '';
  return `, started ${formatUtc(startedAt)}${until}`;
}

function momentOf(backup: Backup): Date {
  return backup.backupTime ?? backup.createdAt;
}

function bodyEntry(backup: Backup, rendering: Rendering): object {
  const { copy } = backup;
  const { account, region } = environmentOf(backup.database);
  return {
    database: oneLine(backup.databaseId, maxName),
    key: oneLine(backup.database, 256),
    account: oneLine(account, maxName),
    region: oneLine(region, maxName),
    kind: oneLine(backup.databaseKind, maxWord),
    engine: oneLine(backup.engine, 40),
    backup: { id: oneLine(backup.id, 255), arn: oneLine(backup.arn, 400), time: momentOf(backup).toISOString() },
    mode: oneLine(copy.mode, maxWord),
    state: oneLine(copy.state, maxWord),
    attempt: copy.attempt,
    taskId: copy.taskId ? oneLine(copy.taskId, 60) : null,
    bucket: copy.bucket ? oneLine(copy.bucket, 63) : null,
    prefix: copy.prefix ? oneLine(copy.prefix, 200) : null,
    cause: copy.cause ? jsonCause(copyCauses, copy.cause, rendering) : null,
    reason: oneLine(reasonOf(backup, rendering, ''), maxReason),
  };
}
