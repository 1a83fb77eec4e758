/** Messages about S3 copies that failed for good, are incomplete, or are stuck (`copy-failed`). A copy is never a backup. */
import type { Backup, CopyState } from '../model.ts';
import { formatAge, formatUtc } from '../text.ts';
import { type Context, countsOf, labelled, leftOut, mostListed } from './alerts.ts';
import { chatNotification, linkOrPath, markdown } from './chat.ts';
import { databaseLink, runbookAnchors, runbookLink } from './links.ts';
import { fitting, type Message, manyTenants } from './message.ts';
import { asciiLine, gsm7Line, oneLine } from './safe.ts';

/** One message about a tenant's copies (`undefined`: of databases without a tenant); `failed` must not be empty. */
export function composeCopyFailed(tenant: string | undefined, failed: readonly Backup[], context: Context): Message {
  const sorted = [...failed].sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime());
  return fitting(mostListed, (limit) => compose(tenant, sorted, sorted.slice(0, limit), context));
}

function compose(
  tenant: string | undefined,
  failed: readonly Backup[],
  listed: readonly Backup[],
  context: Context,
): Message {
  const subject = asciiLine(subjectOf(tenant, failed), 99);
  const runbook = runbookLink(context.runbookUrl, runbookAnchors.copyFailed);
  const notListed = failed.length - listed.length;
  return {
    subject,
    texts: {
      email: [
        `${subjectOf(tenant, failed)}.`,
        'The backups themselves are in RDS and count; what is missing is their copy in S3.',
        '',
        ...listed.flatMap((backup) => [...block(backup), '']),
        ...leftOut(notListed, context, 'npx rds-backup-ledger copies'),
        `Runbook: ${runbook}`,
        `Times are UTC. Told ${formatUtc(context.now)} by rds-backup-ledger, account ${context.account}, ${context.region}.`,
      ].join('\n'),
      sms: gsm7Line(`${subjectOf(tenant, failed)}. ${failed[0]?.copy.reason ?? ''}`, 160),
      chat: chatNotification({
        title: `:warning: ${subjectOf(tenant, failed)}`,
        lines: [
          ...listed.map(
            (backup) =>
              `- *${markdown(backup.databaseId, 63)}*, backup of ${formatUtc(momentOf(backup))}, copy ${words[backup.copy.state]}: ${markdown(backup.copy.reason ?? 'no reason given', 300)}`,
          ),
          notListed > 0 ? `...and ${notListed} more` : '_The backups themselves are in RDS and count._',
        ],
        nextSteps: [linkOrPath(runbook, 'Runbook')],
        threadId: `rds-backup-ledger-copies-${asciiLine(tenant ?? 'none', 64).replace(/[^\w-]/g, '-')}-${context.now.toISOString().slice(0, 10)}`,
      }),
      body: {
        version: 1,
        kind: 'copy-failed',
        severity: 'warning',
        tenant: tenant ?? manyTenants,
        at: context.now.toISOString(),
        account: context.account,
        region: context.region,
        summary: subject,
        count: failed.length,
        copies: listed.map(bodyEntry),
        notListed,
        fullList: context.fullList ?? null,
      },
    },
    attributes: {
      tenant: tenant ?? manyTenants,
      severity: 'warning',
      kind: 'copy-failed',
      audience: tenant === undefined ? 'operators' : 'all',
    },
  };
}

/** What a copy that is told of is; one that still moves is told because it takes too long. */
const words: Readonly<Record<CopyState, string>> = {
  none: 'not wanted',
  queued: 'waiting too long',
  starting: 'stuck',
  running: 'stuck',
  complete: 'complete',
  incomplete: 'incomplete',
  failed: 'failed',
  skipped: 'skipped',
  cancelled: 'cancelled',
};

/** `WARNING acme: 2 copies failed, 1 stuck`; one names its database. */
function subjectOf(tenant: string | undefined, failed: readonly Backup[]): string {
  const [first, ...rest] = countsOf(failed.map(({ copy }) => words[copy.state]));
  const [word, count] = first ?? ['failed', 0];
  const one = failed.length === 1 && failed[0] ? ` (${oneLine(failed[0].databaseId, 63)})` : '';
  const others = rest.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `WARNING ${oneLine(tenant ?? 'no tenant', 40)}: ${count} S3 ${count === 1 ? 'copy' : 'copies'} ${word}${one}${others}`;
}

function block(backup: Backup): string[] {
  const { copy } = backup;
  const facts: [label: string, text: string | undefined][] = [
    ['Backup', `${formatUtc(momentOf(backup))} (${oneLine(backup.id, 255)})`],
    ['Copy', `${copy.mode}, attempt ${copy.attempt}${lasted(copy)}`],
    ['To', copy.bucket && `s3://${oneLine(copy.bucket, 63)}/${oneLine(copy.prefix ?? '', 200)}`],
    ['Task', copy.taskId && oneLine(copy.taskId, 60)],
    ['Why', oneLine(copy.reason ?? 'no reason given', 700)],
    [
      'RDS console',
      databaseLink({ key: backup.database, id: oneLine(backup.databaseId, 63), kind: backup.databaseKind }),
    ],
  ];
  const title = `COPY ${words[copy.state].toUpperCase()} ${oneLine(backup.databaseId, 63)} (${oneLine(backup.engine, 40)}, ${backup.databaseKind})`;
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

function bodyEntry(backup: Backup): object {
  const { copy } = backup;
  return {
    database: oneLine(backup.databaseId, 63),
    key: oneLine(backup.database, 256),
    kind: backup.databaseKind,
    engine: oneLine(backup.engine, 40),
    backup: { id: oneLine(backup.id, 255), arn: oneLine(backup.arn, 400), time: momentOf(backup).toISOString() },
    mode: copy.mode,
    state: copy.state,
    attempt: copy.attempt,
    taskId: copy.taskId ? oneLine(copy.taskId, 60) : null,
    bucket: copy.bucket ? oneLine(copy.bucket, 63) : null,
    prefix: copy.prefix ? oneLine(copy.prefix, 200) : null,
    reason: oneLine(copy.reason ?? '', 700),
  };
}
