/** Messages about S3 copies that failed for good, are incomplete, or are stuck (`copy-failed`). A copy is never a backup. */
import { type Detail, type EntryFacts, type MessageFacts, manyTenants } from '../../channels/index.ts';
import { type Backup, copyCauses, copyPhrase, environmentOf } from '../../domain/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc } from '../../lib/time.ts';
import { copyReasonOf } from '../../reasons/index.ts';
import { databaseLink, runbookAnchors, runbookLink } from '../links.ts';
import { signIn } from './alert-entry.ts';
import { limits, listCommand, originOf, placeOf, type Rendering, wordCounts } from './context.ts';
import { jsonCause } from './json-causes.ts';

/**
 * One message about a tenant's copies (`undefined`: of databases without a tenant), the oldest backup first; `failed` must not
 * be empty. It lists the first `limit`.
 */
export function copyMessage(
  tenant: string | undefined,
  failed: readonly Backup[],
  rendering: Rendering,
  limit: number,
): MessageFacts {
  const { now, audience, fullList, runbookUrl } = rendering;
  const summary = summaryOf(tenant, failed, rendering);
  const runbook = { label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.copyFailed) };
  const [first] = failed;
  return {
    kind: 'copy-failed',
    audience,
    severity: 'warning',
    tone: 'attention',
    tenant: tenant ?? manyTenants,
    at: now,
    ...originOf(
      failed.map(({ database }) => database),
      rendering,
    ),
    summary,
    subject: asciiLine(summary, limits.subject),
    opening: [`${summary}.`, 'The backups themselves are in RDS and count; what is missing is their copy in S3.'],
    brief: { sentence: first ? reasonOf(first, rendering, '') : '' },
    overview: [],
    entries: failed.slice(0, limit).map((backup) => entryFacts(backup, rendering)),
    count: failed.length,
    sections: [],
    remark: 'The backups themselves are in RDS and count.',
    nextSteps: [runbook],
    links: [runbook],
    ...(fullList !== undefined && { fullList }),
    ...listCommand('copies', rendering),
    thread: `rds-backup-ledger-copies-${asciiLine(tenant ?? 'none', 64).replace(/[^\w-]/g, '-')}-${now.toISOString().slice(0, 10)}`,
    data: { entries: 'copies', more: {} },
  };
}

/** What a copy that people are notified of is; one that still moves takes too long, and a complete one lacks parts of tenants. */
function phraseOf({ copy }: Backup): string {
  return copy.state === 'complete' ? 'missing tenants' : oneLine(copyPhrase(copy.state), limits.word);
}

function reasonOf({ copy }: Backup, rendering: Rendering, otherwise = 'no reason given'): string {
  return copyReasonOf(copy, rendering) ?? otherwise;
}

/** `WARNING acme: 2 copies failed, 1 stuck`; one names its database. */
function summaryOf(tenant: string | undefined, failed: readonly Backup[], rendering: Rendering): string {
  const [first, ...rest] = wordCounts(failed.map(phraseOf));
  const [word, count] = first ?? ['failed', 0];
  const one = failed.length === 1 && failed[0] ? ` (${nameAndPlace(failed[0], rendering).join(', ')})` : '';
  const others = rest.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `WARNING ${oneLine(tenant ?? 'no tenant', 40)}: ${count} S3 ${count === 1 ? 'copy' : 'copies'} ${word}${one}${others}`;
}

/** The database's name, and its account and Region where several are configured. */
function nameAndPlace({ databaseId, database }: Backup, rendering: Rendering): [name: string, ...place: string[]] {
  const place = placeOf(environmentOf(database), rendering);
  return [oneLine(databaseId, limits.name), ...(place === undefined ? [] : [place])];
}

function entryFacts(backup: Backup, rendering: Rendering): EntryFacts {
  const [name, ...place] = nameAndPlace(backup, rendering);
  const phrase = phraseOf(backup);
  const reason = reasonOf(backup, rendering);
  const what = [oneLine(backup.engine, limits.engine), oneLine(backup.databaseKind, limits.word), ...place].join(', ');
  const title = `COPY ${phrase.toUpperCase()} ${name} (${what})`;
  return {
    line: [
      { strong: name },
      `${place.map((one) => ` (${one})`).join('')}, backup of ${formatUtc(momentOf(backup))}, copy ${phrase}: ${oneLine(reason, 300)}`,
    ],
    block: { title, details: detailsOf(backup, rendering) },
    data: copyData(backup, rendering),
  };
}

function detailsOf(backup: Backup, rendering: Rendering): Detail[] {
  const { copy } = backup;
  const { bucket, prefix, taskId } = copy;
  const database = { key: backup.database, id: oneLine(backup.databaseId, limits.name), kind: backup.databaseKind };
  const target = bucket && `s3://${oneLine(bucket, 63)}/${oneLine(prefix ?? '', 200)}`;
  return [
    { label: 'Backup', text: `${formatUtc(momentOf(backup))} (${oneLine(backup.id, limits.id)})` },
    { label: 'Copy', text: `${oneLine(copy.mode, limits.word)}, attempt ${copy.attempt}${lasted(copy)}` },
    ...(target ? [{ label: 'To', text: target, verbatim: true }] : []),
    ...(taskId ? [{ label: 'Task', text: oneLine(taskId, 60) }] : []),
    { label: 'Why', text: oneLine(reasonOf(backup, rendering), limits.reason) },
    { label: 'RDS console', text: databaseLink(database), verbatim: true },
    ...signIn(backup.database, rendering),
  ];
}

function lasted({ startedAt, endedAt }: Backup['copy']): string {
  if (!startedAt) return '';
  const until = endedAt ? `, ended after ${formatAge(endedAt.getTime() - startedAt.getTime())}` : '';
  return `, started ${formatUtc(startedAt)}${until}`;
}

function momentOf(backup: Backup): Date {
  return backup.backupTime ?? backup.createdAt;
}

function copyData(backup: Backup, rendering: Rendering): object {
  const { copy } = backup;
  const { account, region } = environmentOf(backup.database);
  return {
    database: oneLine(backup.databaseId, limits.name),
    key: oneLine(backup.database, 256),
    account: oneLine(account, limits.name),
    region: oneLine(region, limits.name),
    kind: oneLine(backup.databaseKind, limits.word),
    engine: oneLine(backup.engine, limits.engine),
    backup: { id: oneLine(backup.id, limits.id), arn: oneLine(backup.arn, 400), time: momentOf(backup).toISOString() },
    mode: oneLine(copy.mode, limits.word),
    state: oneLine(copy.state, limits.word),
    attempt: copy.attempt,
    taskId: copy.taskId ? oneLine(copy.taskId, 60) : null,
    bucket: copy.bucket ? oneLine(copy.bucket, 63) : null,
    prefix: copy.prefix ? oneLine(copy.prefix, 200) : null,
    cause: copy.cause ? jsonCause(copyCauses, copy.cause, rendering) : null,
    reason: oneLine(reasonOf(backup, rendering, ''), limits.reason),
  };
}
