/** The words of verdicts: one table says what each means everywhere. */
import type { Unrecognized } from './schema.ts';

/** How much a person has to do, and how soon. */
export const severities = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** What a verdict means for the question "is it protected?". */
export type Protection = 'unprotected' | 'unknown' | 'protected' | 'no promise';

export interface VerdictEntry {
  readonly protection: Protection;
  /** As it follows "2 databases". */
  readonly phrase: string;
  /** Completes "…: ". */
  readonly meaning: string;
  /** The runbook's section. */
  readonly runbook: string;
  /** Whether its alert asks for a snapshot. */
  readonly needsSnapshot: boolean;
}

/** Worst first. */
export const verdicts = {
  missing: {
    protection: 'unprotected',
    phrase: 'not found in RDS',
    meaning: 'configured, but RDS does not have it',
    runbook: 'database-missing',
    needsSnapshot: false,
  },
  never: {
    protection: 'unprotected',
    phrase: 'never backed up',
    meaning: 'it never had a backup',
    runbook: 'backup-never',
    needsSnapshot: true,
  },
  overdue: {
    protection: 'unprotected',
    phrase: 'overdue',
    meaning: 'its newest backup is older than promised',
    runbook: 'backup-overdue',
    needsSnapshot: true,
  },
  disabled: {
    protection: 'unprotected',
    phrase: 'with backups disabled',
    meaning: 'its backups are switched off',
    runbook: 'backups-disabled',
    needsSnapshot: true,
  },
  unknown: {
    protection: 'unknown',
    phrase: 'of unknown state',
    meaning: 'RDS did not respond',
    runbook: 'rds-not-answering',
    needsSnapshot: false,
  },
  deleted: {
    protection: 'no promise',
    phrase: 'deleted',
    meaning: 'RDS no longer has it',
    runbook: 'database-deleted',
    needsSnapshot: false,
  },
  due: {
    protection: 'protected',
    phrase: 'due',
    meaning: 'older than its maximum age, and today’s backup is still on time',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
  },
  new: {
    protection: 'no promise',
    phrase: 'new',
    meaning: 'younger than the time its first backup may take',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
  },
  protected: {
    protection: 'protected',
    phrase: 'without a next backup',
    meaning: 'a fresh backup is there',
    runbook: 'no-backup-to-follow',
    needsSnapshot: true,
  },
  excluded: {
    protection: 'no promise',
    phrase: 'excluded',
    meaning: 'configured not to be watched',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
  },
} as const satisfies Record<string, VerdictEntry>;

export type VerdictName = keyof typeof verdicts;

/** Worst first. */
export const verdictNames = Object.keys(verdicts) as readonly VerdictName[];

export function isVerdict(name: string): name is VerdictName {
  return Object.hasOwn(verdicts, name);
}

/** What the table says of a verdict; one of a later version is not known to be protected. */
export function verdictOf(name: VerdictName | Unrecognized): VerdictEntry {
  if (isVerdict(name)) return verdicts[name];
  return {
    protection: 'unknown',
    phrase: name,
    meaning: 'a verdict of a later version',
    runbook: verdicts.unknown.runbook,
    needsSnapshot: false,
  };
}

export function isUnprotected(name: VerdictName | Unrecognized): boolean {
  return verdictOf(name).protection === 'unprotected';
}

/** Orders verdicts, the worst first; one of a later version stands with `unknown`. */
export function byVerdict(a: VerdictName | Unrecognized, b: VerdictName | Unrecognized): number {
  const rank = (name: VerdictName | Unrecognized) => verdictNames.indexOf(isVerdict(name) ? name : 'unknown');
  return rank(a) - rank(b);
}

/** Orders severities, the worst first; one of a later version counts as the worst. */
export function bySeverity(a: Severity | Unrecognized, b: Severity | Unrecognized): number {
  return severities.indexOf(a as Severity) - severities.indexOf(b as Severity);
}
