/** Checks a deployment from the outside in, a finding a time; a check that fails is a finding as well. */
import { explain } from '../aws/explain.ts';
import { deployedConfiguration } from '../aws/functions.ts';
import type { Cloud, DeployedLedger, Deployment } from '../parts.ts';
import { UserError } from '../user-error.ts';
import { checkConfiguration, checkSweeps } from './configuration.ts';
import { checkCopies } from './copies.ts';
import type { Finding } from './finding.ts';
import { checkAlarms, checkDeadLetters, checkFunctions, checkKeys, checkRoles } from './health.ts';
import { checkAlarmSubscriptions, checkOperators, checkSms, checkSubscriptions } from './recipients.ts';
import { checkCredentials, checkStack, stackResources } from './stack.ts';

export interface Examination {
  readonly stack: string;
  readonly deployment: () => Promise<Deployment>;
  readonly ledger: () => Promise<DeployedLedger>;
  readonly now: () => Date;
  /** A configuration on this machine that the deployed one is held against. */
  readonly local?: NonNullable<Parameters<Cloud['examine']>[0]['local']>;
}

/** Nothing is checked behind credentials or a stack that are not there. */
export async function* examine({ stack, deployment, ledger, now, local }: Examination): AsyncIterable<Finding> {
  const credentials = await checked('credentials', checkCredentials, () => 'problem');
  yield* credentials;
  if (credentials.some(({ kind }) => kind !== 'ok')) return;
  const found = await checked('stack', async () => checkStack(await deployment()), kindOf);
  yield* found;
  if (found.some(({ kind }) => kind === 'unread' || kind === 'problem')) return;
  const deployed = await deployment();
  // Asked for once, and only where a check needs it; each check that does says so if it failed.
  const resources = lazily(() => stackResources(stack));
  const configuration = lazily(() => deployedConfiguration(deployed));
  const checks: readonly (readonly [string, () => Promise<Finding[]>])[] = [
    ['configuration', async () => checkConfiguration(await configuration(), local)],
    ['sweeps', async () => checkSweeps((await ledger()).ledger, await configuration(), now())],
    ['copies', async () => checkCopies(await ledger(), now())],
    ['subscriptions', async () => checkSubscriptions(deployed, (await configuration()).fleet)],
    ['alarm topic', async () => checkAlarmSubscriptions(await resources(), (await configuration()).fleet)],
    ['operators', async () => checkOperators((await configuration()).fleet)],
    ['sms', async () => checkSms((await configuration()).fleet)],
    ['functions', () => checkFunctions(deployed, now())],
    ['dead letters', async () => checkDeadLetters(await resources())],
    ['key', async () => checkKeys(await resources(), (await configuration()).fleet)],
    ['roles', () => checkRoles(deployed)],
    ['alarms', () => checkAlarms(stack)],
  ];
  for (const [name, check] of checks) yield* await checked(name, check, kindOf);
}

async function checked(
  name: string,
  check: () => Promise<Finding[]>,
  kind: (error: unknown) => 'problem' | 'unread',
): Promise<Finding[]> {
  try {
    return await check();
  } catch (error) {
    const { found, cure } = error instanceof UserError ? error : (explain(error) ?? { found: String(error) });
    const is = kind(error);
    return [
      {
        check: name,
        kind: is,
        found: is === 'unread' ? `could not be read: ${found}` : found,
        cure: cure === undefined ? null : `${cure.charAt(0).toUpperCase()}${cure.slice(1)}`,
      },
    ];
  }
}

/** What is missing is wrong; what AWS did not answer is only not known. */
function kindOf(error: unknown): 'problem' | 'unread' {
  return error instanceof UserError ? 'problem' : 'unread';
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
