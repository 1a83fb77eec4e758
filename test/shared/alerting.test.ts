import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  acknowledgeAlert,
  type Lists,
  type Publisher,
  snoozeAlert,
  type Tally,
  type Told,
  tell,
} from '../../shared/alerting.ts';
import { MemoryLedger } from '../../shared/ledger/memory.ts';
import type { Message } from '../../shared/messages/message.ts';
import { SnsPublisher } from '../../shared/messages/sns-publisher.ts';
import type { Alert, DatabaseRow, Verdict } from '../../shared/model.ts';
import { confirm, nextAlert, openAlert } from '../../shared/rules/alert.ts';

const noon = new Date('2026-11-23T12:00:00Z');
const later = (hours: number) => new Date(noon.getTime() + hours * 3_600_000);

/** Keeps what was published; fails for messages that `refuses` says. */
class MemoryPublisher implements Publisher {
  readonly messages: Message[] = [];
  refuses: (message: Message) => boolean = () => false;

  async publish(message: Message): Promise<void> {
    if (this.refuses(message)) throw new Error('topic says no');
    this.messages.push(message);
  }

  /** `tenant kind audience count`, sorted; and forgets. */
  take(): string[] {
    return this.messages
      .splice(0)
      .map(({ attributes, texts }) => {
        const { tenant, kind, audience } = attributes;
        return `${tenant} ${kind} ${audience} ${(texts.body as { count: number }).count}`;
      })
      .sort();
  }
}

class MemoryLists implements Lists {
  readonly stored = new Map<string, string>();

  async put(name: string, body: string): Promise<string> {
    this.stored.set(name, body);
    return `https://lists.example/${name}`;
  }
}

const overdue: Verdict = { name: 'overdue', severity: 'critical', reason: 'no backup tonight', checkAt: later(30) };
const fine: Verdict = { name: 'protected', severity: 'info', reason: 'fresh again', checkAt: later(26) };
const unknown: Verdict = { name: 'unknown', severity: 'warning', reason: 'RDS did not answer' };

let ledger: MemoryLedger;
let publisher: MemoryPublisher;
let lists: MemoryLists;

beforeEach(() => {
  ledger = new MemoryLedger(() => noon);
  publisher = new MemoryPublisher();
  lists = new MemoryLists();
});

const keyOf = (database: string) => `123456789012/eu-west-1/db-${database}`;

/** Judges a database and writes what comes of it, as a sweep does before it tells. */
async function judge(tenant: string, database: string, verdict: Verdict, now: Date): Promise<Told[]> {
  const key = keyOf(database);
  const [known] = await ledger.databases([key]);
  const outcome = nextAlert(
    known?.alert,
    {
      database: key,
      databaseId: database,
      databaseKind: 'instance',
      tenant,
      verdict,
      policy: { maxAgeHours: 24, graceHours: 2, reminderHours: 24 },
    },
    now,
  );
  const {
    alert: _,
    checkAt: __,
    ...rest
  } = known ?? { key, id: database, kind: 'instance', engine: 'postgres', enrolledAt: noon, liveBackups: [] };
  const { alert, step, checkAt, checkAtOnceTold } = outcome;
  const row: DatabaseRow = { ...rest, tenant, ...(alert && { alert }), ...(checkAt && { checkAt }) };
  expect(await (alert ? ledger.putDatabaseWithAlert(row, alert) : ledger.putDatabase(row))).toBe('written');
  return alert && step ? [{ row, alert, step, ...(checkAtOnceTold && { checkAtOnceTold }) }] : [];
}

async function judgeAll(
  databases: readonly (readonly [tenant: string, database: string])[],
  verdict: Verdict,
  now: Date,
) {
  const told: Told[] = [];
  for (const [tenant, database] of databases) told.push(...(await judge(tenant, database, verdict, now)));
  return told;
}

function say(told: readonly Told[], now: Date, digestAbove = 20): Promise<Tally> {
  const alerts = { digestAbove, dailyDigest: false, runbookUrl: 'https://example.com/runbook.md' };
  return tell({ ledger, publisher, lists, fleet: { account: '123456789012', region: 'eu-west-1', alerts } }, told, now);
}

async function rowOf(database: string): Promise<DatabaseRow | undefined> {
  return (await ledger.databases([keyOf(database)]))[0];
}

async function openAlerts(): Promise<Alert[]> {
  const open: Alert[] = [];
  for await (const alert of ledger.openAlerts()) open.push(alert);
  return open;
}

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => [`tenant-${index}`, `db-${index}`] as const);

describe('one run', () => {
  it('publishes one message a tenant, with all of its databases', async () => {
    const told = await judgeAll(
      [
        ['acme', 'a'],
        ['acme', 'b'],
        ['zeta', 'c'],
      ],
      overdue,
      noon,
    );
    expect(await say(told, noon)).toEqual({ opened: 3, reminded: 0, resolved: 0, errors: [] });
    expect(publisher.take()).toEqual(['acme backup-missing all 2', 'zeta backup-missing all 1']);
  });

  it('tells what is resolved in a message of its own', async () => {
    await say(
      await judgeAll(
        [
          ['acme', 'a'],
          ['acme', 'b'],
        ],
        overdue,
        noon,
      ),
      noon,
    );
    publisher.take();
    const told = [...(await judge('acme', 'a', fine, later(1))), ...(await judge('acme', 'c', overdue, later(1)))];
    expect(await say(told, later(1))).toMatchObject({ opened: 1, resolved: 1 });
    expect(publisher.take()).toEqual(['acme backup-missing all 1', 'acme backup-restored all 1']);
  });

  it('says nothing and reads nothing where nothing is to be told', async () => {
    expect(await say([], noon)).toEqual({ opened: 0, reminded: 0, resolved: 0, errors: [] });
    expect(publisher.take()).toEqual([]);
  });

  it('confirms: the intent is gone, the moment noted, the next look is the usual one', async () => {
    await say(await judge('acme', 'a', overdue, noon), noon);
    const row = await rowOf('a');
    expect(row?.alert).toMatchObject({ notified: [{ at: noon, step: 'open', to: 'all' }] });
    expect(row?.alert).not.toHaveProperty('intent');
    expect(row?.checkAt).toEqual(later(6));
    expect(await openAlerts()).toEqual([row?.alert]);
  });

  it('notes whom it went to: operators alone where RDS did not answer, both where a digest and a message tell it', async () => {
    const silent: Verdict = { name: 'unknown', severity: 'warning', reason: 'RDS did not answer' };
    await say(await judge('acme', 'a', silent, noon), noon);
    await say([...(await judge('acme', 'b', overdue, noon)), ...(await judge('globex', 'c', overdue, noon))], noon, 1);
    const notices = await Promise.all(['a', 'b', 'c'].map(async (id) => (await rowOf(id))?.alert?.notified));
    expect(notices.map((some) => some?.map(({ to }) => to))).toEqual([['operators'], ['all'], ['all']]);
  });

  it('takes a resolved alert off its row once that was told, and leaves its history', async () => {
    await say(await judge('acme', 'a', overdue, noon), noon);
    await say(await judge('acme', 'a', fine, later(1)), later(1));
    const row = await rowOf('a');
    expect(row).not.toHaveProperty('alert');
    expect(row?.checkAt).toEqual(later(26));
    expect(await openAlerts()).toEqual([]);
    const history: Alert[] = [];
    for await (const alert of ledger.alertsOfDatabase(keyOf('a'))) history.push(alert);
    expect(history).toMatchObject([
      {
        notified: [
          { at: noon, step: 'open' },
          { at: later(1), step: 'resolve' },
        ],
        resolved: later(1),
        outcome: 'protected',
      },
    ]);
  });

  it('tells a deletion once, though every sweep finds it', async () => {
    const gone: Verdict = { name: 'deleted', severity: 'warning', reason: 'gone', once: true };
    await say(await judge('acme', 'a', gone, noon), noon);
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await judge('acme', 'a', gone, later(24))).toEqual([]);
    expect(openAlert((await rowOf('a'))?.alert)).toBeUndefined();
  });

  it('keeps what somebody else wrote to the row meanwhile', async () => {
    const told = await judge('acme', 'a', overdue, noon);
    const row = await rowOf('a');
    if (!row) throw new Error('expected a row');
    await ledger.putDatabase({ ...row, engine: 'mysql', checkAt: later(2) });
    await say(told, noon);
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql', checkAt: later(2), alert: { notified: [{ at: noon }] } });
  });

  it('confirms on the fresh row where somebody writes while it confirms', async () => {
    const told = await judge('acme', 'a', overdue, noon);
    const put = ledger.putDatabaseWithAlert.bind(ledger);
    let interferences = 0;
    ledger.putDatabaseWithAlert = async (row, alert) => {
      const [fresh] = await ledger.databases([row.key]);
      if (interferences++ < 2 && fresh) await ledger.putDatabase({ ...fresh, engine: `mysql-${interferences}` });
      return put(row, alert);
    };
    expect((await say(told, noon)).errors).toEqual([]);
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql-2', alert: { notified: [{ at: noon }] } });
  });

  it('does not confirm what became of the alert since', async () => {
    const told = await judge('acme', 'a', overdue, noon);
    await judge('acme', 'a', fine, later(0.1));
    await say(told, later(0.1));
    expect((await rowOf('a'))?.alert).toMatchObject({ intent: { step: 'resolve' }, notified: [] });
  });
});

describe('failing and crashing', () => {
  it('a tenant whose message fails does not keep back the others, and is told again', async () => {
    const told = await judgeAll(
      [
        ['acme', 'a'],
        ['zeta', 'z'],
      ],
      overdue,
      noon,
    );
    publisher.refuses = ({ attributes }) => attributes.tenant === 'acme';
    const tally = await say(told, noon);
    expect(tally).toMatchObject({ opened: 1, errors: [expect.stringContaining('tenant acme')] });
    expect(publisher.take()).toEqual(['zeta backup-missing all 1']);
    publisher.refuses = () => false;
    expect(await judge('zeta', 'z', overdue, later(0.25))).toEqual([]);
    await say(await judge('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect((await rowOf('a'))?.alert).not.toHaveProperty('intent');
  });

  it('a crash after the intent was written and before it was published is told by the next look', async () => {
    await judge('acme', 'a', overdue, noon);
    await say(await judge('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await judge('acme', 'a', overdue, later(0.5))).toEqual([]);
  });

  it('a crash after it was published and before it was confirmed doubles the message, and no more', async () => {
    const told = await judge('acme', 'a', overdue, noon);
    ledger.databases = async () => {
      throw new Error('ledger is away');
    };
    expect((await say(told, noon)).errors).toEqual([expect.stringContaining('told but not confirmed')]);
    ledger.databases = MemoryLedger.prototype.databases.bind(ledger);
    await say(await judge('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(await judge('acme', 'a', overdue, later(0.5))).toEqual([]);
    expect(publisher.take()).toEqual(['acme backup-missing all 1', 'acme backup-missing all 1']);
  });

  it('the look for what is untold comes with the next watch', async () => {
    await judge('acme', 'a', overdue, noon);
    const keys: string[] = [];
    for await (const key of ledger.databasesToCheck(later(0.25))) keys.push(key);
    expect(keys).toEqual([keyOf('a')]);
  });

  it('a resolution that crashed is still told, and nothing is lost', async () => {
    await say(await judge('acme', 'a', overdue, noon), noon);
    publisher.take();
    await judge('acme', 'a', fine, later(1));
    await say(await judge('acme', 'a', fine, later(1.25)), later(1.25));
    expect(publisher.take()).toEqual(['acme backup-restored all 1']);
    expect(await rowOf('a')).not.toHaveProperty('alert');
  });
});

describe('many tenants at once', () => {
  it('up to the threshold operators get the message of each', async () => {
    await say(await judgeAll(many(3), overdue, noon), noon, 3);
    expect(publisher.take()).toEqual([
      'tenant-0 backup-missing all 1',
      'tenant-1 backup-missing all 1',
      'tenant-2 backup-missing all 1',
    ]);
  });

  it("above it they get one digest, and the tenants' own recipients still theirs, with nobody else's name", async () => {
    await say(await judgeAll(many(4), overdue, noon), noon, 3);
    for (const { attributes, texts } of publisher.messages.filter(
      ({ attributes: { audience } }) => audience === 'tenant',
    )) {
      const others = many(4).flatMap(([tenant, database]) => (tenant === attributes.tenant ? [] : [tenant, database]));
      for (const other of others) expect(JSON.stringify(texts)).not.toContain(other);
    }
    expect(publisher.take()).toEqual([
      '* digest operators 4',
      'tenant-0 backup-missing tenant 1',
      'tenant-1 backup-missing tenant 1',
      'tenant-2 backup-missing tenant 1',
      'tenant-3 backup-missing tenant 1',
    ]);
    const [list] = lists.stored.values();
    for (const [tenant] of many(4)) expect(list).toContain(tenant);
  });

  it('counts the tenants of the last six hours together', async () => {
    await say(await judgeAll(many(3), overdue, noon), noon, 3);
    publisher.take();
    await say(await judge('late', 'late', overdue, later(5.9)), later(5.9), 3);
    expect(publisher.take()).toEqual(['* digest operators 1', 'late backup-missing tenant 1']);
  });

  it('forgets what is longer ago', async () => {
    await say(await judgeAll(many(3), overdue, noon), noon, 3);
    publisher.take();
    await say(await judge('late', 'late', overdue, later(6)), later(6), 3);
    expect(publisher.take()).toEqual(['late backup-missing all 1']);
  });

  it('confirms only what it told: what has got worse meanwhile is still to be told', async () => {
    const told = await judge('acme', 'orders', { ...overdue, severity: 'warning' }, noon);
    await judge('acme', 'orders', overdue, later(1));
    await say(told, later(1));
    expect((await ledger.databases([keyOf('orders')]))[0]?.alert?.intent).toEqual({
      step: 'open',
      at: later(1),
      tries: 0,
    });
  });

  it('tells all the same where those told before cannot be read', async () => {
    const told = await judgeAll(many(2), overdue, noon);
    ledger.openAlerts = () => {
      throw new Error('a row does not parse');
    };
    const tally = await say(told, noon, 3);
    expect(tally).toMatchObject({ opened: 2, errors: [expect.stringContaining('a row does not parse')] });
    expect(publisher.take()).toEqual(['tenant-0 backup-missing all 1', 'tenant-1 backup-missing all 1']);
  });

  it('tells operators of their recovery in one digest, too', async () => {
    await say(await judgeAll(many(4), overdue, noon), noon, 3);
    publisher.take();
    expect(await say(await judgeAll(many(4), fine, later(1)), later(1), 3)).toMatchObject({ resolved: 4 });
    expect(publisher.take().filter((line) => line.includes('operators'))).toEqual(['* digest operators 4']);
  });

  it('keeps every intent where the digest fails, since operators were not told', async () => {
    publisher.refuses = ({ attributes }) => attributes.kind === 'digest';
    const tally = await say(await judgeAll(many(4), overdue, noon), noon, 3);
    expect(tally).toMatchObject({ opened: 0, errors: [expect.stringContaining('digest')] });
    for (const alert of await openAlerts()) expect(alert.intent).toBeDefined();
  });

  it('sends the digest without its list where that cannot be stored', async () => {
    lists.put = async () => {
      throw new Error('bucket is away');
    };
    const tally = await say(await judgeAll(many(4), overdue, noon), noon, 3);
    expect(tally).toMatchObject({ opened: 4, errors: [expect.stringContaining('full list was not stored')] });
    expect(publisher.take()[0]).toBe('* digest operators 4');
  });

  it('a fleet of unknowns is one message to operators, and its end another', async () => {
    await say(await judgeAll(many(4), unknown, noon), noon, 3);
    expect(publisher.take()).toEqual(['* backup-missing operators 4']);
    await say(await judgeAll(many(4), fine, later(1)), later(1), 3);
    expect(publisher.take()).toEqual(['* backup-restored operators 4']);
  });

  it('tenants hear of an unknown once it is critical', async () => {
    await say(await judgeAll(many(2), unknown, noon), noon);
    publisher.take();
    await say(await judgeAll(many(2), { ...unknown, severity: 'critical' }, later(24)), later(24));
    expect(publisher.take()).toEqual([
      '* backup-missing operators 2',
      'tenant-0 backup-missing tenant 1',
      'tenant-1 backup-missing tenant 1',
    ]);
  });

  it('stores the list of one tenant with more databases than a message lists', async () => {
    const databases = Array.from({ length: 30 }, (_, index) => ['acme', `db-${index}`] as const);
    await say(await judgeAll(databases, overdue, noon), noon);
    expect(publisher.messages[0]?.texts.email).toContain('And 5 more. Full list: https://lists.example/alerts/');
    expect([...lists.stored.values()][0]?.trimEnd().split('\n')).toHaveLength(31);
  });
});

describe('quiet from the command line', () => {
  beforeEach(async () => {
    await say(await judge('acme', 'a', overdue, noon), noon);
  });

  it('acknowledging is kept with who and why', async () => {
    await acknowledgeAlert(ledger, keyOf('a'), { by: 'ann', note: 'on it' }, later(1));
    expect((await rowOf('a'))?.alert?.acknowledged).toEqual({ by: 'ann', note: 'on it', at: later(1) });
    expect((await openAlerts())[0]?.acknowledged?.by).toBe('ann');
    expect(await judge('acme', 'a', overdue, later(25))).toEqual([]);
  });

  it('snoozing is kept, and its end is a moment to look', async () => {
    await snoozeAlert(ledger, keyOf('a'), { until: later(2), by: 'ann' }, later(1));
    const row = await rowOf('a');
    expect(row?.alert).toMatchObject({ snoozedUntil: later(2), snoozed: { by: 'ann', at: later(1) } });
    expect(row?.checkAt).toEqual(later(2));
    expect(await judge('acme', 'a', overdue, later(2))).toMatchObject([{ step: 'remind' }]);
  });

  it('a snooze into the past is refused with both times', async () => {
    const snoozing = snoozeAlert(ledger, keyOf('a'), { until: noon, by: 'ann' }, later(1));
    await expect(snoozing).rejects.toThrow('got 2026-11-23 12:00 UTC, and it is 2026-11-23 13:00 UTC');
  });

  it('says where there is no open alert', async () => {
    expect(await acknowledgeAlert(ledger, keyOf('nowhere'), { by: 'ann' }, noon)).toBe('no open alert');
    await say(await judge('acme', 'a', fine, later(1)), later(1));
    expect(await snoozeAlert(ledger, keyOf('a'), { until: later(9), by: 'ann' }, later(2))).toBe('no open alert');
  });

  it('survives a writer in between', async () => {
    const put = ledger.putDatabaseWithAlert.bind(ledger);
    let interfered = false;
    ledger.putDatabaseWithAlert = async (row, alert) => {
      const [fresh] = await ledger.databases([row.key]);
      if (!interfered && fresh) await ledger.putDatabase({ ...fresh, engine: 'mysql' });
      interfered = true;
      return put(row, alert);
    };
    await acknowledgeAlert(ledger, keyOf('a'), { by: 'ann' }, later(1));
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql', alert: { acknowledged: { by: 'ann' } } });
  });
});

it('SnsPublisher sends one PublishCommand to its topic, and lets errors climb', async () => {
  const sns = mockClient(SNSClient);
  sns.on(PublishCommand).resolvesOnce({}).rejects(new Error('throttled'));
  await say(await judge('acme', 'a', overdue, noon), noon);
  const [message] = publisher.messages;
  if (!message) throw new Error('expected a message');
  const topic = new SnsPublisher(new SNSClient(), 'arn:aws:sns:eu-west-1:123456789012:alerts');
  await topic.publish(message);
  expect(sns.commandCalls(PublishCommand)[0]?.args[0].input).toMatchObject({
    TopicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts',
    Subject: 'CRITICAL acme: 1 database overdue (a)',
    MessageStructure: 'json',
  });
  await expect(topic.publish(message)).rejects.toThrow('throttled');
});

it('an alert remembers the last 50 messages about it, and whom they went to', async () => {
  const [first] = await judge('acme', 'a', overdue, noon);
  if (!first) throw new Error('expected an alert');
  const told = Array.from({ length: 60 }, (_, index) => later(index * 24));
  let { alert } = first;
  for (const at of told) alert = confirm({ ...alert, intent: { step: 'remind', at, tries: 0 } }, 'tenant', at);
  expect(alert.notified).toEqual(told.slice(-50).map((at) => ({ at, step: 'remind', to: 'tenant' })));
});
