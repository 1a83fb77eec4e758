/** The sentences of verdicts: what is so, why, and what a person is to do. Times are UTC, ages exact to the minute. */
import type { ConfiguredDatabase } from '../config/fleet.ts';
import type { DatabaseSummary } from '../ledger/ledger.ts';
import type { NewestBackup } from '../model.ts';
import { formatAge, formatUtc, formatUtcTime } from '../text.ts';
import { lastWindow, windowOf } from './deadline.ts';
import { type Facts, type NewestFacts, stoppedSince } from './facts.ts';

export function excludedReason(configured: ConfiguredDatabase): string {
  const by = configured.enrolledBy === 'tag' ? 'by its tag' : 'by the configuration';
  return `Excluded ${by}: ${configured.excluded}`;
}

export function unknownReason(why: string, since: Date, newest: NewestBackup | undefined, now: Date): string {
  const lasts = now.getTime() - since.getTime();
  const when = lasts < 60_000 ? '' : ` since ${formatUtc(since)} (${formatAge(lasts)})`;
  const last =
    newest === undefined ? 'no backup of it is known' : `the last known backup is from ${formatUtc(newest.time)}`;
  return `RDS could not be asked${when}: ${why.replace(/\.+$/, '')}. Whether it is protected is not known, ${last}: look at RDS and at the sweep's permissions.`;
}

export function missingReason(configured: ConfiguredDatabase): string {
  return `RDS has no ${configured.kind} ${configured.id} in this account and Region, and never had while it was watched: correct its name or kind in the configuration, or take it out.`;
}

export function deletedReason(last: DatabaseSummary, newest: NewestBackup | undefined, now: Date): string {
  const seen =
    last.verdict === 'deleted' || last.judgedAt === undefined ? '' : `, last seen ${formatUtc(last.judgedAt)}`;
  const backup =
    newest === undefined
      ? 'no backup of it is known'
      : `its newest backup was from ${formatUtc(newest.time)}, ${formatAge(now.getTime() - newest.time.getTime())} ago`;
  return `Deleted or renamed: RDS no longer has it${seen}, and ${backup}. If that was intended, take it out of the configuration; an automated backup is gone with it unless it was retained.`;
}

export function memberReason(cluster: string, reason: string): string {
  return `It is a member of the cluster ${cluster}, which RDS backs up as a whole and which is judged in its place: ${reason} Configure the cluster instead.`;
}

export function replicaReason(facts: Facts): string {
  const own = facts.newest === undefined ? '' : ` (its last snapshot is ${formatAge(facts.newest.ageMs)} old)`;
  return `Read replica of ${facts.database.replicaOf} without current backups of its own${own}: its source is what counts, so see that the source is configured.`;
}

export function protectedReason(facts: Facts, newest: NewestFacts): string {
  return sentences(`${newestIs(newest)}.`, outlook(facts), ...remarks(facts));
}

export function dueReason(facts: Facts, newest: NewestFacts): string {
  return sentences(`${newestIs(newest)}; ${whyNotYetOverdue(facts)}.`, outlook(facts), ...remarks(facts));
}

export function newReason(facts: Facts): string {
  const age = formatAge(facts.now.getTime() - facts.born.getTime());
  const what = facts.held
    ? `its first backup is being created since ${formatUtc(facts.creating?.since ?? facts.now)} and is waited for until ${formatUtc(facts.deadline)}`
    : `its first backup is expected by ${formatUtc(facts.deadline)}`;
  return sentences(`Created ${age} ago, not backed up yet; ${what}.`, outlook(facts), ...remarks(facts));
}

export function disabledReason(facts: Facts): string {
  const newest = facts.newest === undefined ? 'there is no backup at all' : lowerFirst(newestIs(facts.newest));
  return sentences(
    `Automated backups are off (retention is 0), AWS Backup does not manage it, and ${newest}: set a retention of 1 day or more, or take a snapshot now.`,
    facts.stopped ? `${stoppedSentence(facts)}.` : '',
    ...remarks(facts),
  );
}

export function neverReason(facts: Facts): string {
  const age = formatAge(facts.now.getTime() - facts.born.getTime());
  return sentences(`There is no backup at all, ${age} after its creation.`, cause(facts), ...remarks(facts));
}

export function overdueReason(facts: Facts, newest: NewestFacts): string {
  return sentences(
    `${newestIs(newest)}; the deadline was ${formatUtc(facts.deadline)}.`,
    cause(facts),
    ...remarks(facts),
  );
}

function newestIs(newest: NewestFacts): string {
  return `The newest backup is from ${formatUtc(newest.backup.time)}, ${formatAge(newest.ageMs)} old`;
}

/** Why a database past its maximum age is not overdue yet, until when. */
function whyNotYetOverdue(facts: Facts): string {
  const until = `overdue after ${formatUtc(facts.deadline)}`;
  if (facts.held) {
    return `the next one, ${facts.creating?.id}, is being created since ${formatUtc(facts.creating?.since ?? facts.now)} and is waited for: ${until}`;
  }
  const window = windowOf(facts.database);
  if (window === undefined) return `it has ${formatAge(facts.policy.graceHours * 3_600_000)} of grace: ${until}`;
  const { start, end } = lastWindow(window, facts.now);
  const span = `backup window ${formatUtcTime(start).slice(0, 5)}-${formatUtcTime(end)}`;
  return facts.now.getTime() < end.getTime()
    ? `its ${span} is open: ${until}`
    : `its ${span} closed ${formatAge(facts.now.getTime() - end.getTime())} ago: ${until}`;
}

/** What will keep the next backup from coming, while nothing is overdue yet. */
function outlook(facts: Facts): string {
  if (facts.stopped) {
    return `${stoppedSentence(facts)}, so no automated backup will follow: start it before ${formatUtc(facts.deadline)}, or exclude it.`;
  }
  if (!facts.takesBackups && !facts.isReplica) {
    return `Automated backups are off (retention is 0) and AWS Backup does not manage it, so none will follow by itself: set a retention of 1 day or more, or take a snapshot before ${formatUtc(facts.deadline)}.`;
  }
  return facts.hinderedBy === undefined ? '' : `${hindrance(facts.hinderedBy)}.`;
}

/** Why no backup came, and what to do: the first that applies. */
function cause(facts: Facts): string {
  const { creating, database, situation } = facts;
  if (facts.stopped) {
    return `${stoppedSentence(facts)}: its data does not change meanwhile; start it and take a snapshot, or exclude it.`;
  }
  if (facts.hinderedBy !== undefined) return `${hindrance(facts.hinderedBy)}.`;
  if (creating !== undefined) {
    const lasts = formatAge(facts.now.getTime() - creating.since.getTime());
    return `A backup is being created right now (${creating.id}, since ${formatUtc(creating.since)}, ${lasts}): it counts once it is available; if it hangs, take a manual snapshot.`;
  }
  const upTo = database.latestRestorableTime;
  if (facts.restorable === 'fresh' && upTo !== undefined) {
    const why = 'as it does under heavy load or while a snapshot of it is being copied';
    const skipped = facts.newest === undefined ? 'RDS took no snapshot of it' : `RDS skipped its snapshot, ${why}`;
    return `${skipped}; point-in-time restore works up to ${formatUtc(upTo)}: take a manual snapshot.`;
  }
  if (facts.byAwsBackup && database.retentionDays === 0) {
    const seen = situation.awsBackupSeen === undefined ? '' : ` since ${formatUtc(situation.awsBackupSeen)}`;
    return `AWS Backup manages it and made no backup${seen}: look at the backup plan and its failed jobs, or take a snapshot now.`;
  }
  if (upTo !== undefined) {
    const age = formatAge(facts.now.getTime() - upTo.getTime());
    return `Point-in-time restore is stale, too: it ends at ${formatUtc(upTo)}, ${age} ago; take a manual snapshot now and look at the database's events.`;
  }
  return "RDS shows no cause: take a manual snapshot now and look at the database's events.";
}

function stoppedSentence(facts: Facts): string {
  const since = stoppedSince(facts);
  const restart = facts.database.automaticRestartTime;
  const stopped = since === undefined ? 'It is stopped' : `It has been stopped since ${formatUtc(since)}`;
  const again = restart === undefined ? '' : ` (RDS starts it again at ${formatUtc(restart)})`;
  return `${stopped}${again}, and RDS takes no automated backups of a stopped database`;
}

function hindrance(status: string): string {
  return `Its status is ${status}, and RDS takes automated backups only of an available database: ${adviceFor(status)}`;
}

function adviceFor(status: string): string {
  if (status === 'storage-full') return 'enlarge its storage';
  if (status.startsWith('inaccessible-encryption-credentials'))
    return "enable its KMS key again and RDS's access to it";
  if (status.startsWith('incompatible-')) return 'correct the setting that the status names';
  if (status === 'creating') return 'it will once it is created';
  if (status === 'failed') return 'restore it from its last backup';
  return 'see that it becomes available again';
}

/** What a person should know besides, whatever the verdict. */
function remarks(facts: Facts): string[] {
  const { situation, database, creating } = facts;
  const { earlier } = situation;
  const said = facts.held || facts.now.getTime() > facts.deadline.getTime();
  return [
    creating !== undefined && !said
      ? `A backup is being created right now (${creating.id}, since ${formatUtc(creating.since)}).`
      : '',
    earlier === undefined
      ? ''
      : `Another database had this name before (${resourceOf(earlier)}${earlier.newestBackup === undefined ? '' : `, last backup ${formatUtc(earlier.newestBackup.time)}`}): its backups do not count for this one.`,
    renaming(facts),
    facts.isReplica && facts.newest !== undefined ? `It is a read replica of ${database.replicaOf}.` : '',
    situation.eventsLost === true
      ? 'No event announced its newest backup: events were lost, so look at the record function and its dead-letter queue.'
      : '',
  ];
}

/** Names change, resource ids do not: whoever was renamed is judged on, and the configuration should follow. */
function renaming({ database, situation: { configured, row } }: Facts): string {
  if (configured.kind === database.kind && configured.id !== database.id) {
    return `RDS calls it ${database.id} now: it was renamed, so change ${configured.id} to ${database.id} in the configuration.`;
  }
  return row !== undefined && row.id !== database.id ? `It was renamed from ${row.id}.` : '';
}

/** The resource id is the last part of the key; the ids before it, account and Region, are the same. */
function resourceOf(row: DatabaseSummary): string {
  return row.key.slice(row.key.lastIndexOf('/') + 1);
}

function sentences(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
