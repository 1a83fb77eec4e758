/** The words of verdicts: one table says what each means everywhere. */
import { listed } from '../lib/listed.ts';
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
  /** The next step, as its alert says it; a command follows a colon. */
  readonly advice: string;
}

const followRunbook = 'Follow the runbook.';

/** Worst first. */
export const verdicts = {
  inaccessible: {
    protection: 'unprotected',
    phrase: 'without their encryption key',
    meaning: 'RDS cannot use its encryption key, which its backups need, too',
    runbook: 'encryption-key-inaccessible',
    needsSnapshot: false,
    advice: 'Make its KMS key usable again; until then its backups cannot be restored either.',
  },
  missing: {
    protection: 'unprotected',
    phrase: 'not found in RDS',
    meaning: 'configured, but RDS does not have it',
    runbook: 'database-missing',
    needsSnapshot: false,
    advice: "Correct the database's name in the configuration, or take it out.",
  },
  never: {
    protection: 'unprotected',
    phrase: 'never backed up',
    meaning: 'it never had a backup',
    runbook: 'backup-never',
    needsSnapshot: true,
    advice: 'Take a snapshot now, then find out why RDS took none:',
  },
  overdue: {
    protection: 'unprotected',
    phrase: 'overdue',
    meaning: 'its newest backup is older than promised',
    runbook: 'backup-overdue',
    needsSnapshot: true,
    advice: 'Take a snapshot now, then find out why RDS took none:',
  },
  disabled: {
    protection: 'unprotected',
    phrase: 'with backups disabled',
    meaning: 'its backups are switched off',
    runbook: 'backups-disabled',
    needsSnapshot: true,
    advice: 'Take a snapshot now, then see that the next ones come by themselves:',
  },
  unknown: {
    protection: 'unknown',
    phrase: 'of unknown state',
    meaning: 'RDS did not respond',
    runbook: 'rds-not-answering',
    needsSnapshot: false,
    advice: 'Check that RDS responds and that the functions may call it; until then nobody knows if backups are taken.',
  },
  deleted: {
    protection: 'no promise',
    phrase: 'deleted',
    meaning: 'RDS no longer has it',
    runbook: 'database-deleted',
    needsSnapshot: false,
    advice: 'If this was intended, take it out of the configuration. If not, restore it from a backup that is left.',
  },
  due: {
    protection: 'protected',
    phrase: 'due',
    meaning: 'older than its maximum age, and today’s backup is still on time',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
    advice: followRunbook,
  },
  new: {
    protection: 'no promise',
    phrase: 'new',
    meaning: 'younger than the time its first backup may take',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
    advice: followRunbook,
  },
  protected: {
    protection: 'protected',
    phrase: 'without a next backup',
    meaning: 'a fresh backup is there',
    runbook: 'no-backup-to-follow',
    needsSnapshot: true,
    advice: 'Take a snapshot now, then see that the next ones come by themselves:',
  },
  excluded: {
    protection: 'no promise',
    phrase: 'excluded',
    meaning: 'configured not to be watched',
    runbook: 'no-backup-to-follow',
    needsSnapshot: false,
    advice: followRunbook,
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
    advice: followRunbook,
  };
}

/** `deleted, new or excluded`: the verdicts of one protection. */
export function listVerdicts(protection: Protection): string {
  const names = verdictNames.filter((name) => verdicts[name].protection === protection);
  return listed(names, 'or');
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
