/** The sentences of the causes of verdicts: a code without one does not compile. */
import {
  type Cause,
  type CauseCode,
  causes,
  type FactsIn,
  type Finding,
  isKnownIn,
  isUnprotected,
  type NewestBackup,
  type VisibleIn,
} from '../domain/index.ts';
import { backupWindow, lastWindow } from '../evaluation/index.ts';
import { formatAge, formatUtc, hourMs, minuteMs } from '../lib/time.ts';
import type { ReasonSubject } from './findings.ts';
import { age, clause, codeOf, forOperators, sentences, utc, visibleFacts } from './prose.ts';
import type { Reader } from './reader.ts';

export interface SentenceContext {
  readonly subject: ReasonSubject;
  readonly reader: Reader;
  /** What the cause belongs to; absent where it stands alone. */
  readonly finding?: Finding;
  /** A note is short: the cause has the next step. */
  readonly role: 'cause' | 'note';
  /** Whether a newer backup than the evaluation saw contradicts the verdict. */
  readonly unseen?: boolean;
}

/** A cause of a verdict, or a note, as a sentence (or a few); one that this version cannot read as its code. */
export function causeSentence(cause: Cause, context: SentenceContext): string {
  return isKnownIn(causes, cause) ? say(cause, context) : codeOf(cause, context.reader);
}

function say<Code extends CauseCode>(
  cause: { code: Code; facts: FactsIn<typeof causes, Code> },
  context: SentenceContext,
) {
  return table[cause.code](visibleFacts(causes, cause, context.reader), context);
}

/** RDS, here or there, does not respond. */
function notKnown(
  rds: string,
  since: string,
  error: string | undefined,
  advice: string,
  { finding, reader }: SentenceContext,
): string {
  const lastsMs = reader.now.getTime() - new Date(since).getTime();
  const silent =
    lastsMs < minuteMs
      ? `${rds} did not respond`
      : `${rds} has not responded since ${utc(since)} (${formatAge(lastsMs)})`;
  const newest = finding?.newestBackup;
  const last = newest ? `the last known backup is from ${formatUtc(newest.time)}` : 'no backup of it is known';
  return `${silent}${because(error)}. Whether it is protected is not known; ${last}${forOperators(reader, advice)}.`;
}

const table: {
  readonly [Code in CauseCode]: (facts: VisibleIn<typeof causes, Code>, context: SentenceContext) => string;
} = {
  'excluded-by-configuration': ({ reason }) => `Excluded by the configuration${because(reason)}.`,
  'excluded-by-tag': ({ reason }) => `Excluded by its tag${because(reason)}.`,
  'replica-without-backups': ({ source }, { finding, reader }) => {
    const newest = finding?.newestBackup;
    const own = newest ? ` (its last snapshot is ${age(newest.time, reader)} old)` : '';
    const advice = forOperators(reader, '; see that the source is configured');
    return `Read replica${of(source)} without current backups of its own${own}: its source is what counts${advice}.`;
  },
  'replica-source-unwatched': ({ source, why }, { role, reader }) => {
    const { state, advice } = unwatchedSources.get(why) ?? {};
    const todo =
      role === 'note' ? '' : forOperators(reader, `: ${advice ?? 'see that it is'}, or switch on backups of its own`);
    return `Read replica${of(source)} without backups of its own, and its source is not watched${state ? ` (${state})` : ''}${todo}.`;
  },
  'rds-not-answering': ({ error, since }, context) =>
    notKnown('RDS', since, error, ': check RDS and the permissions of the sweep', context),
  'environment-unread': ({ account, region, error, since }, context) => {
    const where =
      account === undefined || region === undefined ? 'RDS' : `RDS in account ${clause(account)}, ${clause(region)},`;
    return notKnown(where, since, error, ': see what operators were notified of this account and Region', context);
  },
  'not-in-rds': (_, { subject, reader }) => {
    const advice = forOperators(reader, ': correct its name or kind in the configuration, or take it out');
    return `RDS has no ${subject.kind} ${clause(subject.id)} in this account and Region, and never had while it was watched${advice}.`;
  },
  'deleted-or-renamed': ({ lastSeen }, { finding, reader }) => {
    const seen = lastSeen === undefined ? '' : `, last seen ${utc(lastSeen)}`;
    return sentences(
      `Deleted or renamed: RDS no longer has it${seen}, and ${lastBackup(finding?.newestBackup, reader)}.`,
      forOperators(reader, 'If that was intended, take it out of the configuration.'),
      'If it was deleted, its automated backups are gone with it unless they were retained.',
    );
  },
  'first-backup-expected': ({ createdAt }, context) => {
    const deadline = deadlineAhead(context);
    const by = deadline ? `; its first backup is expected by ${formatUtc(deadline)}` : '';
    return `Created ${age(createdAt, context.reader)} ago, not backed up yet${by}.`;
  },
  'backup-expected': ({ window, graceHours }, context) => {
    const { reader } = context;
    const span = backupWindow(window);
    if (!span) return `It has ${formatAge(graceHours * hourMs)} of grace${overdueAfter(context)}.`;
    const { end } = lastWindow(span, reader.now);
    const is = reader.now < end ? 'is open' : `closed ${age(end, reader)} ago`;
    return `Its backup window ${window} UTC ${is}${overdueAfter(context)}.`;
  },
  'backup-in-progress': ({ snapshot, since, usualMinutes }, context) => {
    const { role, reader } = context;
    const id = clause(snapshot);
    if (role === 'note') return `A backup is being created right now (${id}, since ${utc(since)}).`;
    if (!isLate(context)) {
      const usually = usualMinutes === undefined ? '' : ` (they usually take ${formatAge(usualMinutes * minuteMs)})`;
      return `The next one, ${id}, is being created since ${utc(since)} and is waited for${usually}${overdueAfter(context)}.`;
    }
    return `A backup is being created right now (${id}, since ${utc(since)}, ${age(since, reader)}): it counts once it is available; if it hangs, ${manualSnapshot(context)}.`;
  },
  stopped: ({ since, restartsAt }, context) => {
    const { role, reader } = context;
    const stopped = since === undefined ? 'It is stopped' : `It has been stopped since ${utc(since)}`;
    const starts = restartsAt !== undefined && new Date(restartsAt) < reader.now ? 'was to start' : 'starts';
    const restart = restartsAt === undefined ? '' : ` (RDS ${starts} it again at ${utc(restartsAt)})`;
    const so = `${stopped}${restart}, and RDS takes no automated backups of a stopped database`;
    const exclude = forOperators(reader, ', or exclude it');
    if (role === 'note') return `${so}; its data does not change meanwhile.`;
    if (!isLate(context)) return `${so}: start it${beforeDeadline(context)}${exclude}.`;
    return `${so}: its data does not change meanwhile; start it and take a snapshot${exclude}.`;
  },
  'window-while-stopped': ({ window }) =>
    `Its backup window ${window} UTC lies in the hours in which it is stopped, so RDS takes no automated backups of it: move the window to hours in which it runs, and take a snapshot.`,
  'automation-paused': ({ until }, { reader }) => {
    const end = until === undefined ? '' : ` until ${utc(until)}`;
    const resume = forOperators(reader, ': resume it (modify-db-instance with --automation-mode full)');
    return `RDS Custom's automation of it is paused${end}, and RDS takes no automated backups of it meanwhile${resume}.`;
  },
  'just-started': ({ startedAt, window }, context) => {
    const when = window === undefined ? '' : ` in its window ${window} UTC`;
    return `It was stopped and runs again since ${utc(startedAt)}; its next backup is expected${when}${overdueAfter(context)}.`;
  },
  'status-prevents-backups': ({ status }) =>
    `Its status is ${clause(status)}, and RDS takes automated backups only of an available database: ${adviceFor(status)}.`,
  'encryption-key-inaccessible': ({ status, key, otherKeyBackup }, { reader }) => {
    const which = key === undefined ? 'its KMS key' : `its KMS key ${clause(key)}`;
    const other = otherKeyBackup === undefined ? '' : `; that of ${utc(otherKeyBackup)} has another key`;
    return sentences(
      `RDS cannot use ${which}, and its backups need that key, too${other}.`,
      !status.endsWith('-recoverable')
        ? 'RDS has given the database up: restore it from a backup whose key is usable, and ask AWS Support if there is none.'
        : `Enable the key${forOperators(reader, ', and the right of RDS to use it,')} again within 7 days of the loss, then start the database; after that RDS gives it up.`,
    );
  },
  'replication-failed': ({ status, source, said }, { reader }) =>
    sentences(
      `Its replication${source === undefined ? '' : ` from ${clause(source)}`} has failed (${clause(status)})${because(said)}: its data, and so its backups, grow old.`,
      forOperators(reader, 'Repair the replication, or make the replica anew.'),
    ),
  'backups-about-to-be-disabled': (_, context) =>
    `Automated backups are about to be switched off: a retention of 0 is pending for the next maintenance window, and RDS then deletes those that exist. Take that change back${beforeDeadline(context)}, or see that others follow.`,
  'backups-about-to-be-enabled': ({ retentionDays }, context) =>
    `Automated backups are off until the next maintenance window, for which a retention of ${count(retentionDays, 'day')} is pending: apply that change at once, or ${manualSnapshot(context, beforeDeadline(context) || ' now')}.`,
  'not-rds': ({ engine }, { subject, reader }) => {
    const service = engine === 'docdb' ? 'Amazon DocumentDB' : 'Amazon Neptune';
    const advice = forOperators(reader, ': RDS does not back it up, so take it out of the configuration');
    return `${subject.kind === 'cluster' ? 'Cluster' : 'Instance'} ${clause(subject.id)} is ${service}, not RDS${advice}.`;
  },
  'backups-disabled': (_, context) => {
    const when = beforeDeadline(context) || ' now';
    const none = isLate(context) ? '' : ', so none will follow by itself';
    return `Automated backups are off (retention is 0) and AWS Backup does not manage it${none}: set a retention of 1 day or more, or ${manualSnapshot(context, when)}.`;
  },
  'snapshot-skipped': ({ restorableUntil, window }, context) => {
    const when = window === undefined ? '' : ` in its window ${window} UTC`;
    return `RDS took no snapshot of it${when} and gives no reason; point-in-time restore works up to ${utc(restorableUntil)}: ${manualSnapshot(context)}.`;
  },
  'window-moved': ({ before, window }, context) =>
    `Its backup window was moved from ${clause(before)} to ${clause(window)} UTC since the newest backup: the next one comes in the new window, or ${manualSnapshot(context)}.`,
  'aws-backup-job-failed': ({ state, endedAt, message }, context) => {
    const ended = jobEnds[state] ?? 'ended without a backup';
    const what = `AWS Backup's last job ${ended} at ${utc(endedAt)}${because(message)}`;
    if (context.role === 'note') return `${what}.`;
    const first = message === undefined ? '' : 'correct what it says, and ';
    return `${what}: ${first}start a backup job${beforeDeadline(context) || ' now'}.`;
  },
  'aws-backup-expected': ({ createdAt, startBy }, context) => {
    const until = startBy === undefined ? '' : ` and may begin until ${utc(startBy)}`;
    return `AWS Backup's job was created at ${utc(createdAt)}${until}${overdueAfter(context)}.`;
  },
  'backup-outside-rds': ({ recoveryPoint }) => {
    const which = recoveryPoint === undefined ? '' : ` (${clause(recoveryPoint)})`;
    return `That backup is no RDS snapshot but a recovery point of AWS Backup${which}, which restores it.`;
  },
  'aws-backup-made-none': ({ lastBackup }, context) => {
    const since = lastBackup === undefined ? '' : ` since ${utc(lastBackup)}`;
    return `AWS Backup manages it and made no backup${since}: check the backup plan and its failed jobs, or ${manualSnapshot(context, ' now')}.`;
  },
  'backups-gone': ({ lastBackup, gone }, { reader }) => {
    const how = gone === 'deleted-by-user' ? 'was deleted by a user' : 'expired or was deleted';
    return `It has no backup left: the last one, of ${utc(lastBackup)} (${age(lastBackup, reader)} ago), ${how}.`;
  },
  'last-backup-expired': ({ lastBackup }, context) =>
    `Its last backup, of ${utc(lastBackup)}, has expired, and the next is due now${overdueAfter(context)}.`,
  'restore-point-stale': ({ restorableUntil }, context) =>
    `Point-in-time restore is stale, too: it ends at ${utc(restorableUntil)}, ${age(restorableUntil, context.reader)} ago; ${manualSnapshot(context, ' now')} and check the database's events.`,
  'no-known-cause': (_, context) =>
    `RDS shows no cause: ${manualSnapshot(context, ' now')} and check the database's events.`,
  'name-used-before': ({ resourceId, lastBackup }) => {
    const last = lastBackup === undefined ? '' : `, last backup ${utc(lastBackup)}`;
    const which = resourceId === undefined ? '' : ` (${clause(resourceId)}${last})`;
    return `Another database had this name before${which}: its backups do not count for this one.`;
  },
  'renamed-to': ({ id, configured }) => {
    if (id === undefined || configured === undefined) return 'It was renamed.';
    const advice = `, so change ${clause(configured)} to ${clause(id)} in the configuration`;
    return `RDS calls it ${clause(id)} now: it was renamed${advice}.`;
  },
  'renamed-from': ({ id }) => `It was renamed${id === undefined ? '' : ` from ${clause(id)}`}.`,
  'replica-of': ({ source }) => `It is a read replica${of(source)}.`,
  'event-lost': (_, { finding, subject, reader, unseen }) => {
    const newer = unseen || isNewer(finding?.newestBackup, subject.evaluatedAt);
    const which = newer ? 'an earlier backup' : 'its newest backup';
    const advice = ': events were lost, so check the record function and its dead-letter queue';
    return `No event announced ${which}${forOperators(reader, advice)}.`;
  },
  'tenant-after-backup': ({ since, backup }, context) => {
    const { role } = context;
    const comes = new Date(since) > context.reader.now ? 'comes at' : 'is there since';
    const what = `The data ${comes} ${utc(since)}, and the newest backup of the shared database is from ${utc(backup)}`;
    if (role === 'note') return `${what}: it does not hold that data.`;
    const deadline = deadlineAhead(context);
    const by = deadline ? `; the next backup is expected by ${formatUtc(deadline)}` : '';
    return `${what}: it does not hold that data${by}.`;
  },
  'tenant-not-in-snapshot': ({ snapshot, name }, { reader }) => {
    const what = name === undefined ? 'the data' : `tenant database ${clause(name)}`;
    const advice = forOperators(reader, ': see whether that exists, and is called so');
    return `The newest snapshot, ${clause(snapshot)}, does not hold ${what}, as RDS shows${advice}.`;
  },
  'tenants-unprotected': ({ tenants = [], count: number = 0 }) =>
    number === 0
      ? 'A backup of it does not hold all the data.'
      : `Of its tenants, ${number} ${number === 1 ? 'has' : 'have'} no fresh backup: ${namesOf(tenants, number)}.`,
  'holds-tenants': ({ tenants = [], count: number = 0 }) =>
    number === 0
      ? 'It is a shared database, and no tenant of it is known.'
      : `It is shared by ${count(number, 'tenant')}: ${namesOf(tenants, number)}.`,
  'member-of-cluster': ({ cluster }, { reader }) => {
    const advice = forOperators(reader, ': configure the cluster instead');
    const which = cluster === undefined ? 'a cluster' : `the cluster ${clause(cluster)}`;
    return `It is a member of ${which}, which RDS backs up as a whole and which is evaluated in its place${advice}.`;
  },
};

/** Some names, and how many more there are. */
function namesOf(names: readonly string[], all: number): string {
  const more = all - names.length;
  return `${names.map(clause).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** How a job of AWS Backup ended, by its state. */
const jobEnds: Readonly<Record<string, string>> = {
  FAILED: 'failed',
  EXPIRED: 'expired before it began',
  ABORTED: 'was stopped',
};

/** A text that only some readers see, behind a statement; nothing for the others. */
function because(text: string | undefined): string {
  return text === undefined ? '' : `: ${clause(text)}`;
}

function of(name: string | undefined): string {
  return name === undefined ? '' : ` of ${clause(name)}`;
}

/** Whether the deadline passed without a backup: what is needed now is one by hand. */
function isLate({ finding, unseen }: SentenceContext): boolean {
  return finding !== undefined && isUnprotected(finding.verdict) && !unseen;
}

/** The deadline, while it is ahead. */
function deadlineAhead({ finding, reader }: SentenceContext): Date | undefined {
  const { deadline } = finding ?? {};
  return deadline && deadline >= reader.now ? deadline : undefined;
}

function beforeDeadline(context: SentenceContext): string {
  const deadline = deadlineAhead(context);
  return deadline ? ` before ${formatUtc(deadline)}` : '';
}

function overdueAfter(context: SentenceContext): string {
  const deadline = deadlineAhead(context);
  if (!deadline) return '';
  const leftMs = deadline.getTime() - context.reader.now.getTime();
  return `: overdue after ${formatUtc(deadline)}${leftMs < minuteMs ? '' : `, ${formatAge(leftMs)} from now`}`;
}

function lastBackup(newest: NewestBackup | undefined, reader: Reader): string {
  if (!newest) return 'no backup of it is known';
  return `its newest backup was from ${formatUtc(newest.time)}, ${age(newest.time, reader)} ago`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}

/** Not where RDS would refuse it: it takes snapshots of available databases alone. */
function manualSnapshot({ finding }: SentenceContext, when = ''): string {
  const status = finding?.status;
  return status === undefined
    ? `take a manual snapshot${when}`
    : `take a manual snapshot once its status is no longer ${clause(status)}`;
}

function adviceFor(status: string): string {
  if (status === 'storage-full') return 'enlarge its storage';
  if (status.startsWith('incompatible-')) return 'correct the setting that the status names';
  if (status === 'creating') return 'it will once it is created';
  if (status === 'failed') return 'restore it from its last backup';
  return 'see that it becomes available again';
}

function isNewer(newest: NewestBackup | undefined, than: Date | undefined): boolean {
  return newest !== undefined && than !== undefined && newest.createdAt > than;
}

/** Why the source of a replica is not watched, and what to do. */
const unwatchedSources: ReadonlyMap<string, { readonly state: string; readonly advice: string }> = new Map([
  ['excluded', { state: 'excluded', advice: 'end the exclusion of its source' }],
  ['not-configured', { state: 'not configured', advice: 'configure its source' }],
  ['elsewhere', { state: 'in another account or Region', advice: 'see that a stack there watches its source' }],
]);
