/** Checks a deployment from the outside in and yields the findings; a failed check is a finding as well. */
import { explain } from '../aws/explain.ts';
import { deployedConfiguration } from '../aws/functions.ts';
import type { Cloud, DeployedLedger, Deployment } from '../dependencies.ts';
import { UserError } from '../user-error.ts';
import { checkConfiguration, checkNotifications, checkSweeps } from './configuration.ts';
import { checkCopies } from './copies.ts';
import type { DoctorFinding } from './finding.ts';
import { checkAlarms, checkDeadLetters, checkFunctions, checkKeys, checkRoles } from './health.ts';
import { checkAlarmSubscriptions, checkOperators, checkSms, checkSubscriptions } from './recipients.ts';
import { checkSpokes } from './spokes.ts';
import { checkCredentials, checkStack, stackResources } from './stack.ts';

export interface Examination {
  readonly stack: string;
  readonly deployment: () => Promise<Deployment>;
  readonly ledger: () => Promise<DeployedLedger>;
  readonly now: () => Date;
  /** A local configuration to compare the deployed one with. */
  readonly local?: NonNullable<Parameters<Cloud['examine']>[0]['local']>;
}

/** Without credentials or a stack, nothing else is checked. */
export async function* examine({ stack, deployment, ledger, now, local }: Examination): AsyncIterable<DoctorFinding> {
  const credentials = await checked('credentials', checkCredentials, () => 'problem');
  yield* credentials;
  if (credentials.some(({ kind }) => kind !== 'ok')) return;
  const found = await checked('stack', async () => checkStack(await deployment()), kindOf);
  yield* found;
  if (found.some(({ kind }) => kind === 'unread' || kind === 'problem')) return;
  const deployed = await deployment();
  // Read once, and only if a check needs it; each check that needs it reports a failure.
  const resources = lazily(() => stackResources(stack));
  const configuration = lazily(() => deployedConfiguration(deployed));
  const checks: readonly (readonly [string, () => Promise<DoctorFinding[]>])[] = [
    ['configuration', async () => checkConfiguration(await configuration(), local)],
    ['sweeps', async () => checkSweeps((await ledger()).ledger, await configuration(), now())],
    ['spokes', async () => checkSpokes(await ledger(), (await configuration()).fleet.environments, now())],
    ['copies', async () => checkCopies(await ledger(), (await configuration()).fleet.environments, now())],
    ['notifications', async () => checkNotifications((await configuration()).fleet, now())],
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
  check: () => Promise<DoctorFinding[]>,
  kind: (error: unknown) => 'problem' | 'unread',
): Promise<DoctorFinding[]> {
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

/** What is missing is a problem; what AWS did not answer is unknown. */
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
