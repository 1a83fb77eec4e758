import { readFile } from 'node:fs/promises';
import type { LocalAws } from './local-aws.ts';

/** What IAM decided about one call of a role. */
export type Decision = {
  time: Date;
  /** The role's account. */
  account: string;
  /** The role's name. */
  role: string;
  /** The session's name; for a function, its name. */
  session: string;
  /** Such as `dynamodb:PutItem`. */
  action: string;
  /** The ARN that the call was checked against, or `*`. */
  resource: string;
  /** `Deny` by a statement, `ImplicitDeny` for want of one, or an error code; absent when allowed. */
  refused?: string;
};

/**
 * All decisions about roles since the start, oldest first. The launcher writes them, as MiniStack's own CloudTrail records no
 * refused call and no role names. Calls that AWS's services make in a role's name (an event source's polling, a schedule's
 * invocation, a function's log lines) are made inside MiniStack without asking IAM, and do not appear; events that a rule forwards to
 * another account or Region do.
 */
export async function readTrail(aws: LocalAws): Promise<Decision[]> {
  const lines = (await readFile(aws.trailFile, 'utf8')).split('\n');
  // What follows the last line break is empty, or a line that is being written.
  return lines.slice(0, -1).map(parseDecision);
}

function parseDecision(line: string): Decision {
  const { time, principal, ...rest } = JSON.parse(line) as Omit<Decision, 'time' | 'account' | 'role' | 'session'> & {
    time: number;
    principal: string;
  };
  const [, , , , account = ''] = principal.split(':');
  const [, role = '', session = ''] = principal.slice(principal.indexOf(':assumed-role/')).split('/');
  return { time: new Date(time * 1000), account, role, session, ...rest };
}
