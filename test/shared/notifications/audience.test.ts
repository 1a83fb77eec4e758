/** Every code of every table, in every place of a message, through every channel: what a tenant's recipients get of it. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type Alert,
  type CauseTable,
  type Copy,
  causes,
  closings,
  copyCauses,
  copyStates,
  type Finding,
  type MessageAudience,
  resolutions,
  type Unrecognized,
  verdictNames,
} from '../../../shared/domain/index.ts';
import type { AlertEntry } from '../../../shared/notifications/compose/alert-entry.ts';
import { fullListOf } from '../../../shared/notifications/compose/full-list.ts';
import { type OutgoingMessage, publishInput } from '../../../shared/notifications/message.ts';
import { composeAlerts, composeCopyFailed } from '../../../shared/notifications/messages.ts';
import { context, entry, failedCopy, now } from './given.ts';

interface Sample {
  readonly code: string;
  readonly facts: Record<string, unknown>;
}

/**
 * Texts that tenants read: words of RDS and of the configuration about their own database. A new one needs a line here, after
 * a look at what it can name.
 */
const openTexts = [
  'aws-backup-job-failed state',
  'backup-expected window',
  'backup-in-progress snapshot',
  'status-prevents-backups status',
  'encryption-key-inaccessible status',
  'not-rds engine',
  'replica-source-unwatched why',
  'replication-failed status',
  'backups-gone gone',
  'snapshot-skipped window',
  'window-while-stopped window',
  'just-started window',
  'window-moved before',
  'window-moved window',
  'kind-not-copied kind',
  'kind-not-copied copied',
  'engine-not-exportable engine',
  'region-without-exports region',
  'region-without-exports engine',
  'period-served schedule',
  'tenant-folder-missing folder',
  'tenant-not-in-snapshot snapshot',
];

/** What names another tenant, another database, and what only operators know. */
const foreign = 'globex-arn:aws:iam::999999999999:role/globex';

function samplesOf(table: CauseTable): Sample[] {
  return Object.entries(table).map(([code, { facts }]) => ({
    code,
    facts: {
      ...Object.fromEntries(
        Object.entries(facts.shape).map(([name, fact]) => [name, sample(`${code} ${name}`, fact as z.ZodType)]),
      ),
      factOfALaterVersion: foreign,
    },
  }));
}

function sample(path: string, fact: z.ZodType): unknown {
  if (fact instanceof z.ZodReadonly) return sample(path, fact.unwrap() as z.ZodType);
  if (fact instanceof z.ZodExactOptional) return sample(path, fact.unwrap() as z.ZodType);
  if (fact instanceof z.ZodISODateTime) return '2026-11-23T04:10:00.000Z';
  if (fact instanceof z.ZodNumber) return 2;
  if (fact instanceof z.ZodArray) return [sample(path, fact.element as z.ZodType)];
  if (fact instanceof z.ZodObject) {
    const inner = Object.entries(fact.shape).map(([name, one]) => [name, sample(path, one as z.ZodType)]);
    return Object.fromEntries(inner);
  }
  if (fact instanceof z.ZodString) return openTexts.includes(path) ? 'own' : foreign;
  throw new Error(`no sample of ${path}`);
}

const later: Sample = { code: 'ice-age', facts: { tenant: foreign, deep: { neighbours: [foreign] } } };
const misread: Sample = { code: 'status-prevents-backups', facts: { status: { of: foreign } } };

/** A cause where a verdict has it, beside it, and as that of its end. */
function alertsWith(one: Sample): AlertEntry[] {
  const cause = { ...one, code: one.code as Unrecognized };
  return verdictNames.flatMap((verdict) => {
    const finding: Finding = { verdict, severity: 'critical', cause, notes: [cause] };
    const ended: Partial<Alert> = { resolved: now, outcome: finding };
    return [
      entry({ ...finding }),
      entry({ ...finding, status: 'stopped' }, 'remind'),
      entry({ ...finding, ...ended }, 'resolve'),
    ];
  });
}

function alertsEndedBy(one: Sample): AlertEntry[] {
  return [entry({ resolved: now, resolution: { ...one, code: one.code as Unrecognized } }, 'resolve')];
}

function alertMessages(entries: readonly AlertEntry[], audience: MessageAudience): string[] {
  const single = entries.map((one) => sent(composeAlerts([one], audience, context)));
  const many = Array.from({ length: 30 }, () => entries.filter(({ step }) => step !== 'resolve')).flat();
  const together = many.length === 0 ? [] : [sent(composeAlerts(many, audience, context))];
  return [...single, ...together, fullListOf(entries, { ...context, audience })];
}

function copyMessages(one: Sample, audience: MessageAudience): string[] {
  return copyStates.map((state) => {
    const cause = { ...one, code: one.code as Unrecognized };
    const copy: Copy = { ...failedCopy().copy, state, cause };
    return sent(composeCopyFailed('acme', [failedCopy({ copy })], audience, context));
  });
}

/** All that SNS gets of it. */
function sent(message: OutgoingMessage): string {
  return JSON.stringify(publishInput(message, 'topic'));
}

/** Another tenant and its names, how many there are, rights and ARNs of roles and keys, commands, and where operators set things. */
const operatorsOnly =
  /globex|999999999999|:(iam|kms):|\b(iam|kms|sts|s3|rds):[A-Z]|npm run|aws rds|\bgrant\b|\d tenants|in the configuration/;

const everySample: readonly (readonly [string, Sample, (audience: MessageAudience) => string[]])[] = [
  ...[...samplesOf(causes), later, misread].map(
    (one) => [`cause ${one.code}`, one, (to: MessageAudience) => alertMessages(alertsWith(one), to)] as const,
  ),
  ...[...samplesOf(resolutions), later].map(
    (one) => [`resolution ${one.code}`, one, (to: MessageAudience) => alertMessages(alertsEndedBy(one), to)] as const,
  ),
  ...[...samplesOf(copyCauses), later].map(
    (one) => [`copy ${one.code}`, one, (to: MessageAudience) => copyMessages(one, to)] as const,
  ),
];

describe('of every cause', () => {
  it.each(everySample)('a tenant reads nothing that is the operators’: %s', (_, __, messages) => {
    const leaks = messages('tenant').flatMap((text) => text.match(operatorsOnly)?.[0] ?? []);
    expect(leaks).toEqual([]);
  });

  it.each(everySample)('operators read every fact: %s', (_, { facts }, messages) => {
    const texts = messages('operators').join().replaceAll('\\', '');
    expect(Object.keys(facts).filter((name) => !texts.includes(`"${name}":`))).toEqual([]);
  });

  it('closed backups need no such rule: their causes have no facts', () => {
    for (const { facts } of Object.values(closings)) expect(Object.keys(facts.shape)).toEqual([]);
  });

  it.each(openTexts)('the list of open texts is that of the tables: %s', (path) => {
    const [code = '', name = ''] = path.split(' ');
    const table: CauseTable = { ...causes, ...copyCauses };
    expect(Object.keys(table[code]?.open.shape ?? {})).toContain(name);
  });
});
