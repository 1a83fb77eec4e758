/** The sentences of evaluations and of alerts' ends. */
import {
  type Alert,
  type Cause,
  type CauseCode,
  causes,
  type DatabaseKind,
  type DatabaseRow,
  type FactsIn,
  type Finding,
  findingWithin,
  isKnownIn,
  isUnprotected,
  isVerdict,
  resolutions,
  type VerdictName,
  type VisibleIn,
  verdictOf,
} from '../domain/index.ts';
import { backupWindow } from '../evaluation/index.ts';
import { addHours, formatUtc, minuteMs } from '../lib/time.ts';
import { causeSentence } from './cause-sentences.ts';
import { age, clause, codeOf, sentences, visibleFacts } from './prose.ts';
import type { Reader } from './reader.ts';

/** What a finding is about. */
export interface ReasonSubject {
  /** Its identifier. */
  readonly id: string;
  readonly kind: DatabaseKind;
  /** When it was evaluated; a newer backup may have been recorded since. */
  readonly evaluatedAt?: Date;
}

/** What the last evaluation said of a database; undefined where nobody configured it. */
export function findingOf(row: DatabaseRow): Finding | undefined {
  const { verdict, severity, cause = null, notes = [] } = row;
  if (verdict === undefined || severity === undefined) return undefined;
  return findingWithin({ ...row, verdict, severity, cause, notes });
}

/** All that is to be said of a finding: the state, the cause with the next step, and what a person should know besides. */
export function reasonOf(finding: Finding, subject: ReasonSubject, reader: Reader): string {
  const about = aboutOf(finding, subject, reader);
  return sentences(stateOf(about), causeIn(about), ...notesIn(about));
}

/**
 * Only the cause with the next step, for a text that has named the newest backup and its age itself; empty where a verdict
 * needs no cause.
 */
export function causeOf(finding: Finding, subject: ReasonSubject, reader: Reader): string {
  return causeIn(aboutOf(finding, subject, reader));
}

/** One cause, or note, as a sentence (or a few). One of a later version is shown as its code. */
export function sentenceOf(cause: Cause, subject: ReasonSubject, reader: Reader): string {
  return causeSentence(cause, { subject, reader, role: 'note' });
}

/** Why an alert ended, as of its end; undefined while it is open. */
export function resolutionOf(alert: Alert, reader: Omit<Reader, 'now'>): string | undefined {
  const { resolved, resolution, outcome } = alert;
  if (!resolved) return undefined;
  if (outcome) {
    const subject = { id: alert.databaseId, kind: alert.databaseKind, evaluatedAt: resolved };
    return reasonOf(outcome, subject, { ...reader, now: resolved });
  }
  if (!resolution) return 'The alert has ended.';
  return isKnownIn(resolutions, resolution) ? sayEnd(resolution, reader) : codeOf(resolution, reader);
}

// What a finding's text is made of -------------------------------------------------------------------------------------

interface About {
  readonly finding: Finding;
  readonly subject: ReasonSubject;
  readonly reader: Reader;
  /** Whether the newest backup contradicts the verdict: it was recorded after the evaluation. */
  readonly unseen: boolean;
}

function aboutOf(finding: Finding, subject: ReasonSubject, reader: Reader): About {
  return { finding, subject, reader, unseen: isUnseen(finding, subject.evaluatedAt ?? reader.now) };
}

/** What is so, in short; nothing where the cause says it. */
function stateOf(about: About): string {
  const { verdict, cause } = about.finding;
  if (!isVerdict(verdict)) {
    return sentences(`The verdict is ${clause(verdict)}, which a later version gave.`, newestIs(about));
  }
  if (about.unseen) return newestIs(about);
  const state = states[verdict]?.(about) ?? '';
  const isSaid = state !== '' || (cause !== null && isKnownIn(causes, cause));
  return isSaid ? state : `It is ${verdict}: ${verdictOf(verdict).meaning}.`;
}

/** What is said of its backups. Of other verdicts the cause says enough, or the table's meaning where there is none. */
const states: Readonly<Partial<Record<VerdictName, (about: About) => string>>> = {
  protected: (about) => newestIs(about) || gone(about),
  due: (about) => newestIs(about) || gone(about),
  overdue: tooOld,
  disabled: tooOld,
  never: noBackup,
};

function tooOld(about: About): string {
  const { deadline } = about.finding;
  return newestIs(about, deadline && `; the deadline was ${formatUtc(deadline)}`) || noBackup(about);
}

/** The verdict rests on a backup, so there was one at the evaluation. */
function gone({ reader }: About): string {
  return `Its newest backup is gone: ${again(reader)}.`;
}

function noBackup({ finding, reader }: About): string {
  // The cause says which was the last one.
  if (factsOf('backups-gone', [finding.cause])) return '';
  const came = factsOf('tenant-after-backup', [finding.cause, ...finding.notes]);
  if (came) return `No backup holds the data yet, ${age(came.since, reader)} after it came.`;
  const first = factsOf('first-backup-expected', [finding.cause, ...finding.notes]);
  return `There is no backup at all${first ? `, ${age(first.createdAt, reader)} after its creation` : ''}.`;
}

function newestIs({ finding, reader }: About, rest = ''): string {
  const { time } = finding.newestBackup ?? {};
  return time ? `The newest backup is from ${formatUtc(time)}, ${age(time, reader)} old${rest}.` : '';
}

/** The cause, unless a newer backup has answered it, and why the verdict is about to change. */
function causeIn({ finding, subject, reader, unseen }: About): string {
  const { cause } = finding;
  const isAnswered = cause === null || (unseen && answeredByBackup.has(cause.code));
  return sentences(
    unseen ? `A newer backup was recorded since the evaluation${at(subject.evaluatedAt)}: ${again(reader)}.` : '',
    isAnswered ? '' : causeSentence(cause, { finding, subject, reader, unseen, role: 'cause' }),
    unseen ? '' : outdated(finding, reader),
  );
}

function notesIn({ finding, subject, reader, unseen }: About): string[] {
  return finding.notes
    .filter(({ code }) => code !== 'first-backup-expected' && !(unseen && answeredByBackup.has(code)))
    .filter((note) => !isDone(note, finding))
    .map((note) => causeSentence(note, { finding, subject, reader, unseen, role: 'note' }));
}

/** Causes that a newer backup does away with; the others are conditions of the database, which last. */
const answeredByBackup: ReadonlySet<string> = new Set<CauseCode>([
  'first-backup-expected',
  'tenant-after-backup',
  'tenant-not-in-snapshot',
  'backup-expected',
  'backup-in-progress',
  'snapshot-skipped',
  'window-moved',
  'aws-backup-job-failed',
  'aws-backup-expected',
  'aws-backup-made-none',
  'restore-point-stale',
  'no-known-cause',
]);

/** Says that a verdict was right until a deadline which has passed since. */
function outdated({ verdict, newestBackup, deadline }: Finding, reader: Reader): string {
  const ends = verdict === 'new' || (newestBackup !== undefined && (verdict === 'protected' || verdict === 'due'));
  return ends && deadline && deadline < reader.now ? `The deadline was ${formatUtc(deadline)}: ${again(reader)}.` : '';
}

function again({ audience }: Reader): string {
  return audience === 'operators'
    ? 'the next watch evaluates the database again'
    : 'the database will be evaluated again within minutes';
}

// What happened since the evaluation -----------------------------------------------------------------------------------

function isUnseen(finding: Finding, evaluatedAt: Date): boolean {
  const { verdict, newestBackup, deadline } = finding;
  if (!newestBackup) return false;
  if (verdict === 'never' || verdict === 'new') return true;
  const isNewer = newestBackup.createdAt > evaluatedAt;
  if (verdict === 'due') return isNewer || hasCome(finding, evaluatedAt);
  // A deadline was past at the evaluation that gave the verdict, unless the key is lost; a newer backup moves it.
  const hasMoved = verdict !== 'inaccessible' && deadline !== undefined && deadline >= evaluatedAt;
  return isUnprotected(verdict) && (isNewer || hasMoved);
}

/** Whether the backup has come that a database in `due` waited for, though it began before the evaluation. */
function hasCome(finding: Finding, evaluatedAt: Date): boolean {
  const { cause, deadline } = finding;
  if (cause !== null && isDone(cause, finding)) return true;
  const expected = factsOf('backup-expected', [cause]);
  if (!expected || !deadline) return false;
  // The maximum age was past at the evaluation, and the deadline was later by window and grace at most.
  const windowMs = (backupWindow(expected.window)?.lengthMinutes ?? 0) * minuteMs;
  return addHours(deadline, -expected.graceHours).getTime() - windowMs > evaluatedAt.getTime();
}

/** Whether a cause is a backup in progress that is there by now. */
function isDone(cause: Cause, { newestBackup }: Finding): boolean {
  const facts = factsOf('backup-in-progress', [cause]);
  if (!facts || !newestBackup) return false;
  return newestBackup.id === facts.snapshot || newestBackup.createdAt >= new Date(facts.since);
}

/** The facts of the first cause with that code, if this version can read them. */
function factsOf<Code extends CauseCode>(
  code: Code,
  list: readonly (Cause | null)[],
): FactsIn<typeof causes, Code> | undefined {
  const found = list.find((cause) => cause?.code === code);
  return found && isKnownIn(causes, found) ? (found.facts as FactsIn<typeof causes, Code>) : undefined;
}

function at(moment: Date | undefined): string {
  return moment ? ` at ${formatUtc(moment)}` : '';
}

// The sentences of ends ------------------------------------------------------------------------------------------------

type EndReader = Pick<Reader, 'audience'>;
type EndCode = keyof typeof resolutions;

const ends: { readonly [Code in EndCode]: (facts: VisibleIn<typeof resolutions, Code>) => string } = {
  'left-configuration': () => 'The database is no longer configured.',
  'environment-left': ({ account, region }) =>
    account === undefined || region === undefined
      ? 'The database is no longer part of this service.'
      : `Account ${clause(account)}, ${clause(region)}, is no longer configured: its databases are not watched any more.`,
  'tag-removed': () =>
    'The tag that enrolled the database was removed: it is no longer watched, and nobody is alerted of it any more.',
  'found-in-rds': () => 'RDS has the database now.',
  'name-taken-over': () => 'Another database has its name now and is evaluated in its place.',
  'moved-to-tenant': ({ tenant }) =>
    `The database belongs to ${tenant === undefined ? 'another tenant' : `tenant ${clause(tenant)}`} now.`,
};

function sayEnd<Code extends EndCode>(
  end: { code: Code; facts: FactsIn<typeof resolutions, Code> },
  reader: EndReader,
): string {
  return ends[end.code](visibleFacts(resolutions, end, reader));
}
