/** What is wrong with an account and Region, and what to do about it; for operators alone. */
import type { Environment, EnvironmentTrouble } from '../domain/index.ts';

/** What is so, to follow the name of the account and Region. */
export function environmentState({ code, events = 0, ended }: EnvironmentTrouble): string {
  if (ended === 'left') return 'no longer configured';
  if (ended === 'over') return over[code] ?? 'it is over';
  const count = `${events} ${events === 1 ? 'event' : 'events'}`;
  const open: Record<string, string> = {
    unread: 'cannot be read',
    'events-missing': `no events arrive, and the sweep found ${events === 1 ? 'a new backup' : `${events} new backups`}`,
    'events-undelivered': `${count} could not be forwarded`,
    'not-configured': `${count} arrived from there, and it is not configured`,
  };
  return open[code] ?? code;
}

const over: Readonly<Record<string, string>> = {
  unread: 'can be read again',
  'events-missing': 'events arrive again',
  'events-undelivered': 'no event is left that could not be forwarded',
  'not-configured': 'no more events arrive from there, or it is configured now',
};

/** What to do about it. */
export function environmentCure(environment: Environment, trouble: EnvironmentTrouble): string {
  const { account, region } = environment;
  switch (trouble.code) {
    case 'unread':
      return cureOfUnread(trouble.error ?? '', environment);
    case 'events-missing':
      return `In account ${account}, ${region}, see that the rules RdsBackupLedger-forward-* are there and enabled. Where the Region forwards no events, set "events": false for it.`;
    case 'events-undelivered':
      return `In account ${account}, ${region}, see why events could not be forwarded (each message of the queue RdsBackupLedger-forward-dead-letters says it), then delete them: the sweep has found their backups.`;
    case 'not-configured':
      return `Add account ${account}, ${region}, to "environments" and deploy, or delete the spoke there.`;
    default:
      return 'Follow the runbook.';
  }
}

/** Codes of AWS as they stand in its messages. Source: AWS STS API Reference, "Common Errors"; IAM User Guide, "Troubleshoot". */
function cureOfUnread(error: string, { account, region }: Environment): string {
  if (/not authorized|AccessDenied/i.test(error)) {
    return `Deploy the spoke in account ${account}, ${region}, and see that no policy denies its role RdsBackupLedger-reader-${region}.`;
  }
  if (/RegionDisabled|InvalidClientTokenId|OptInRequired|AuthFailure|UnrecognizedClient/i.test(error)) {
    return `Enable the Region ${region} in account ${account}, or take it out of "environments".`;
  }
  if (/throttl|rate exceeded|too many requests/i.test(error)) {
    return 'If it passes, nothing: each watch tries again. If it lasts, see what else calls RDS there.';
  }
  return 'If it passes, nothing: each watch tries again. If it lasts, follow the runbook.';
}
