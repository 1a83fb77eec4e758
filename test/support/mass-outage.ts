/** A mass outage: no database had a backup last night, so one sweep finds all of them overdue. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoTable } from '../../shared/ledger/dynamo.ts';
import { minuteMs } from '../../shared/lib/time.ts';
import type { OutgoingMessage } from '../../shared/notifications/message.ts';
import { inSimulatedTime } from './simulated-time.ts';
import type { ThrottledDynamoDb } from './throttled-dynamodb.ts';
import { makeWorld } from './world.ts';

/** What Lambda gives a run. */
export const runMs = 15 * minuteMs;

interface OutageOptions {
  readonly databases: number;
  readonly tenants: number;
  /** Whether all tenants share each of the databases. */
  readonly shared?: boolean;
  readonly dynamo: ThrottledDynamoDb;
  /** A client of it, with the retries that it is to have. */
  readonly client: DynamoDBClient;
}

/** Plays the sweep of the outage, and the watch after it, on a ledger that a sweep has filled the day before. */
export async function massOutage({ databases, tenants, shared = false, dynamo, client }: OutageOptions) {
  const ids = Array.from({ length: databases }, (_, number) => `database-${number}`);
  let remainingMs = () => runMs;
  const world = makeWorld({
    now: '2026-11-22T12:00:00Z',
    config: {
      operators: [{ email: 'operators@example.com' }],
      defaults: { copy: { mode: 'none' } },
      sharedDatabases: shared ? ids.map((id) => ({ kind: 'instance', id })) : [],
      tenants: Array.from({ length: tenants }, (_, tenant) => ({
        id: `tenant-${tenant}`,
        ...(shared
          ? { sharedDatabases: ids }
          : {
              databases: ids.filter((_, number) => number % tenants === tenant).map((id) => ({ kind: 'instance', id })),
            }),
      })),
    },
    table: new DynamoTable(DynamoDBDocumentClient.from(client), 'ledger'),
    recording: false,
    remainingMs: () => remainingMs(),
  });
  for (const id of ids) {
    world.rds.createInstance({ id, created: new Date('2026-11-01T00:00:00Z') });
    world.rds.takeBackup(id, { kind: 'automated', at: new Date('2026-11-22T03:10:00Z') });
    world.rds.skipBackups(id, 2);
  }
  await world.sweep();
  await world.rds.advanceTo(new Date('2026-11-23T12:00:00Z'));
  dynamo.limited = true;
  return inSimulatedTime(async () => {
    const [began, beganComputing] = [Date.now(), process.cpuUsage()];
    const computedMs = () => {
      const { user, system } = process.cpuUsage(beganComputing);
      return (user + system) / 1000;
    };
    // Of a function both take the time.
    const taken = () => ({ waitedMs: Date.now() - began, computedMs: computedMs() });
    remainingMs = () => runMs - taken().waitedMs - taken().computedMs;
    const { row } = await world.sweep();
    const sweep = { ...taken(), throttledCalls: dynamo.throttledCalls, messages: world.published.length };
    remainingMs = () => runMs;
    await world.rds.advanceTo(new Date('2026-11-23T12:15:00Z'));
    const { row: watched } = await world.watch();
    const notified = (audience: string) =>
      timesNamed(
        world.published.filter(({ attributes }) => attributes.audience === audience),
        world.stored,
      );
    const [byTenants, byOperators] = [notified('tenant'), notified('operators')];
    // Of a shared database each of its tenants has a message.
    const times = ids.map(
      (id) => [(byTenants.get(id) ?? 0) / (shared ? tenants : 1), byOperators.get(id) ?? 0] as const,
    );
    return {
      row,
      watched,
      ...sweep,
      messagesAfter: world.published.length - sweep.messages,
      /** Databases of which their tenant or the operators were notified more than once, and of which they never were. */
      notifiedTwice: times.filter((both) => both.some((count) => count > 1)).length,
      neverNotified: times.filter((both) => both.some((count) => count < 1)).length,
      rdsCalls: sum(Object.values(row.apiCalls)),
    };
  });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

interface Body {
  readonly databases?: readonly { readonly database: string }[];
  readonly digest?: string;
  readonly notListed?: number;
  readonly fullList?: string | null;
}

/** How many messages name each database as overdue, themselves or in the full list that they link to. */
function timesNamed(messages: readonly OutgoingMessage[], lists: ReadonlyMap<string, string>): Map<string, number> {
  const times = new Map<string, number>();
  for (const { attributes, texts } of messages) {
    const { databases = [], digest, notListed = 0, fullList } = texts.body as Body;
    // A message of what a run left out notifies of no alert.
    if (attributes.kind !== 'backup-missing' && digest !== 'many-tenants') continue;
    const list = notListed > 0 ? lists.get(fullList ?? '')?.match(/\bdatabase-\d+\b/g) : undefined;
    if (notListed > 0 && list === undefined) throw new Error('a message does not name all databases, nor link to them');
    for (const id of new Set(list ?? databases.map(({ database }) => database))) {
      times.set(id, (times.get(id) ?? 0) + 1);
    }
  }
  return times;
}
