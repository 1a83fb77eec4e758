import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Alert, DatabaseRow, Evaluation } from '../../../shared/domain/index.ts';
import { confirm, nextAlert, openAlert } from '../../../shared/evaluation/alert-lifecycle.ts';
import type { Item } from '../../../shared/ledger/table.ts';
import { collect } from '../../../shared/lib/iterables.ts';
import type { OutgoingMessage } from '../../../shared/notifications/message.ts';
import {
  type AlertNotification,
  acknowledgeAlert,
  type NotifiedCounts,
  notify,
  type Publisher,
  type ReportStore,
  snoozeAlert,
} from '../../../shared/notifications/notify.ts';
import { SnsPublisher } from '../../../shared/notifications/sns-publisher.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { mockClient } from '../../support/mock-client.ts';
import { counting } from '../../support/world.ts';
import { aDatabase } from '../ledger/rows.ts';

const noon = new Date('2026-11-23T12:00:00Z');
const later = (hours: number) => new Date(noon.getTime() + hours * 3_600_000);

/** Keeps what was published; fails for messages that `refuses` says. */
class MemoryPublisher implements Publisher {
  readonly messages: OutgoingMessage[] = [];
  refuses: (message: OutgoingMessage) => boolean = () => false;

  async publish(message: OutgoingMessage): Promise<void> {
    if (this.refuses(message)) throw new Error('topic says no');
    this.messages.push(message);
  }

  /** `tenant kind audience count`, sorted; and forgets. The two messages that say the same to both audiences are `all`. */
  take(): string[] {
    const lines: string[] = [];
    for (const { attributes, texts } of this.messages.splice(0)) {
      const { tenant, count } = texts.body as { tenant: string; count: number };
      const line = (audience: string) => `${tenant} ${attributes.kind} ${audience} ${count}`;
      const other = lines.indexOf(line(attributes.audience === 'tenant' ? 'operators' : 'tenant'));
      if (other >= 0 && tenant !== '*') lines[other] = line('all');
      else lines.push(line(attributes.audience));
    }
    return lines.sort();
  }
}

class MemoryReports implements ReportStore {
  readonly stored = new Map<string, string>();

  async put(name: string, body: string): Promise<string> {
    this.stored.set(name, body);
    return `https://lists.example/${name}`;
  }
}

const overdue: Evaluation = {
  verdict: 'overdue',
  severity: 'critical',
  cause: { code: 'no-known-cause', facts: {} },
  notes: [],
  nextCheckAt: later(30),
};
const fine: Evaluation = { verdict: 'protected', severity: 'info', cause: null, notes: [], nextCheckAt: later(26) };
const unknown: Evaluation = {
  verdict: 'unknown',
  severity: 'warning',
  cause: { code: 'rds-not-answering', facts: { error: 'throttled', since: noon.toISOString() } },
  notes: [],
};

let ledger: MemoryLedger;
let publisher: MemoryPublisher;
let reports: MemoryReports;

beforeEach(() => {
  ledger = new MemoryLedger(() => noon);
  publisher = new MemoryPublisher();
  reports = new MemoryReports();
});

const keyOf = (database: string) => `123456789012/eu-west-1/db-${database}`;

/** Writes what comes of an evaluation, as a sweep does before it notifies; returns the notification that it asks for. */
async function evaluate(
  tenant: string,
  database: string,
  evaluation: Evaluation,
  now: Date,
): Promise<AlertNotification[]> {
  const key = keyOf(database);
  const known = await rowOf(database);
  const policy = {
    maxAgeHours: 24,
    graceHours: 2,
    awsBackupGraceHours: 8,
    reminderHours: 24,
    whileStopped: 'warn' as const,
  };
  const outcome = nextAlert(
    await alertOf(database),
    { database: key, databaseId: database, databaseKind: 'instance', tenant, evaluation, policy },
    now,
  );
  const {
    alert: _,
    nextCheckAt: __,
    ...rest
  } = known ?? aDatabase({ key, id: database, engine: 'postgres', enrolledAt: noon });
  const { alert, step, nextCheckAt, nextCheckOnceNotified } = outcome;
  const row: DatabaseRow = {
    ...rest,
    tenant,
    ...(alert && { alert: { tenant: alert.tenant, opened: alert.opened } }),
    ...(nextCheckAt && { nextCheckAt }),
  };
  expect(await (alert ? ledger.putDatabaseWithAlert(row, alert) : ledger.putDatabase(row))).toBe('written');
  return alert && step ? [{ row, alert, step, ...(nextCheckOnceNotified && { nextCheckOnceNotified }) }] : [];
}

async function evaluateAll(
  databases: readonly (readonly [tenant: string, database: string])[],
  evaluation: Evaluation,
  now: Date,
) {
  const notifications: AlertNotification[] = [];
  for (const [tenant, database] of databases) {
    notifications.push(...(await evaluate(tenant, database, evaluation, now)));
  }
  return notifications;
}

function send(notifications: readonly AlertNotification[], now: Date, digestAbove = 20): Promise<NotifiedCounts> {
  const alerts = { digestAbove, dailyDigest: false, runbookUrl: 'https://example.com/runbook.md' };
  const here = { account: '123456789012', region: 'eu-west-1' };
  const fleet = { ...here, environments: [here], alerts };
  return notify({ ledger, publisher, reports, fleet }, notifications, now);
}

async function rowOf(database: string): Promise<DatabaseRow | undefined> {
  return (await ledger.databases([keyOf(database)]))[0];
}

/** The alert that a database's row names. */
async function alertOf(database: string): Promise<Alert | undefined> {
  const row = await rowOf(database);
  return row?.alert && (await ledger.alerts([{ database: row.key, ...row.alert }]))[0];
}

const openAlerts = () => collect(ledger.openAlerts());

function itemWhere(holds: (item: Item) => boolean): Item {
  const item = ledger.table.items.find(holds);
  if (!item) throw new Error('expected an item');
  return item;
}

const alertItem = (database: string) => itemWhere(({ pk }) => pk.startsWith(`ALERT#${keyOf(database)}#`));

/** Changes an item behind the ledger's back. */
const spoil = (item: Item, changes: object) => ledger.table.putAll([{ ...item, ...changes }]);

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => [`tenant-${index}`, `db-${index}`] as const);

describe('runs side by side', () => {
  /** What a run found is published by it after another run found and published the opposite. */
  it.each([
    ['confirmed', true],
    ['published, and not confirmed', false],
  ])('send an end again that was %s before its beginning went out', async (_, isConfirmed) => {
    const beginning = await evaluate('acme', 'a', overdue, noon);
    const end = await evaluate('acme', 'a', fine, later(1));
    if (isConfirmed) await send(end, later(1));
    await send(beginning, later(1.01));
    if (!isConfirmed) await send(end, later(1.02));
    publisher.take();
    expect((await rowOf('a'))?.nextCheckAt?.getTime()).toBeLessThanOrEqual(later(1.3).getTime());
    await send(await evaluate('acme', 'a', fine, later(1.3)), later(1.3));
    expect(publisher.take()).toEqual(['acme backup-restored all 1']);
    expect(await rowOf('a')).not.toHaveProperty('alert');
    expect(await evaluate('acme', 'a', fine, later(9))).toEqual([]);
  });

  it('send a beginning again whose end of before went out after it', async () => {
    await send(await evaluate('acme', 'a', overdue, noon), noon);
    const end = await evaluate('acme', 'a', fine, later(1));
    const beginning = await evaluate('acme', 'a', overdue, later(2));
    await send(beginning, later(2));
    await send(end, later(2.01));
    publisher.take();
    await send(await evaluate('acme', 'a', overdue, later(2.3)), later(2.3));
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await evaluate('acme', 'a', overdue, later(3))).toEqual([]);
  });

  it('send nothing again where another alert has opened since', async () => {
    const beginning = await evaluate('acme', 'a', overdue, noon);
    await send(await evaluate('acme', 'a', fine, later(1)), later(1));
    await send(await evaluate('acme', 'a', overdue, later(2)), later(2));
    await send(beginning, later(2));
    expect(await evaluate('acme', 'a', overdue, later(3))).toEqual([]);
    expect(await openAlerts()).toHaveLength(1);
  });
});

describe('one run', () => {
  it('publishes one message a tenant, with all of its databases', async () => {
    const notifications = await evaluateAll(
      [
        ['acme', 'a'],
        ['acme', 'b'],
        ['zeta', 'c'],
      ],
      overdue,
      noon,
    );
    expect(await send(notifications, noon)).toEqual({ opened: 3, reminded: 0, resolved: 0, errors: [] });
    expect(publisher.take()).toEqual(['acme backup-missing all 2', 'zeta backup-missing all 1']);
  });

  it('says what is resolved in a message of its own', async () => {
    await send(
      await evaluateAll(
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
    const notifications = [
      ...(await evaluate('acme', 'a', fine, later(1))),
      ...(await evaluate('acme', 'c', overdue, later(1))),
    ];
    expect(await send(notifications, later(1))).toMatchObject({ opened: 1, resolved: 1 });
    expect(publisher.take()).toEqual(['acme backup-missing all 1', 'acme backup-restored all 1']);
  });

  it('says nothing and reads nothing where nobody is to be notified', async () => {
    expect(await send([], noon)).toEqual({ opened: 0, reminded: 0, resolved: 0, errors: [] });
    expect(publisher.take()).toEqual([]);
  });

  it('confirms: nothing is pending any more, the moment is noted, the next check is the usual one', async () => {
    await send(await evaluate('acme', 'a', overdue, noon), noon);
    const alert = await alertOf('a');
    expect(alert).toMatchObject({ notified: [{ at: noon, step: 'open', to: 'all' }] });
    expect(alert).not.toHaveProperty('pending');
    expect((await rowOf('a'))?.nextCheckAt).toEqual(later(6));
    expect(await openAlerts()).toEqual([alert]);
  });

  it('notes whom it went to: operators alone where RDS did not answer, both where a digest and a message say it', async () => {
    await send(await evaluate('acme', 'a', unknown, noon), noon);
    await send(
      [...(await evaluate('acme', 'b', overdue, noon)), ...(await evaluate('globex', 'c', overdue, noon))],
      noon,
      1,
    );
    const notices = await Promise.all(['a', 'b', 'c'].map(async (id) => (await alertOf(id))?.notified));
    expect(notices.map((some) => some?.map(({ to }) => to))).toEqual([['operators'], ['all'], ['all']]);
  });

  it('takes a resolved alert off its row once people were notified, and leaves its history', async () => {
    await send(await evaluate('acme', 'a', overdue, noon), noon);
    await send(await evaluate('acme', 'a', fine, later(1)), later(1));
    const row = await rowOf('a');
    expect(row).not.toHaveProperty('alert');
    expect(row?.nextCheckAt).toEqual(later(26));
    expect(await openAlerts()).toEqual([]);
    expect(await collect(ledger.alertsOfDatabase(keyOf('a')))).toMatchObject([
      {
        notified: [
          { at: noon, step: 'open' },
          { at: later(1), step: 'resolve' },
        ],
        resolved: later(1),
        outcome: { verdict: 'protected' },
      },
    ]);
  });

  it('notifies of a deletion once, though every sweep finds it', async () => {
    const cause = { code: 'deleted-or-renamed', facts: {} } as const;
    const gone: Evaluation = { verdict: 'deleted', severity: 'warning', cause, notes: [], once: true };
    await send(await evaluate('acme', 'a', gone, noon), noon);
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await evaluate('acme', 'a', gone, later(24))).toEqual([]);
    expect(openAlert(await alertOf('a'))).toBeUndefined();
  });

  it('keeps what somebody else wrote to the row meanwhile', async () => {
    const notifications = await evaluate('acme', 'a', overdue, noon);
    const row = await rowOf('a');
    if (!row) throw new Error('expected a row');
    await ledger.putDatabase({ ...row, engine: 'mysql', nextCheckAt: later(2) });
    await send(notifications, noon);
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql', nextCheckAt: later(2) });
    expect(await alertOf('a')).toMatchObject({ notified: [{ at: noon }] });
  });

  it('confirms on the fresh row where somebody writes while it confirms', async () => {
    const notifications = await evaluate('acme', 'a', overdue, noon);
    const put = ledger.putDatabaseWithAlert.bind(ledger);
    let interferences = 0;
    ledger.putDatabaseWithAlert = async (row, alert) => {
      const [fresh] = await ledger.databases([row.key]);
      if (interferences++ < 2 && fresh) await ledger.putDatabase({ ...fresh, engine: `mysql-${interferences}` });
      return put(row, alert);
    };
    expect((await send(notifications, noon)).errors).toEqual([]);
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql-2' });
    expect(await alertOf('a')).toMatchObject({ notified: [{ at: noon }] });
  });

  it('does not confirm what became of the alert since', async () => {
    const notifications = await evaluate('acme', 'a', overdue, noon);
    await evaluate('acme', 'a', fine, later(0.1));
    await send(notifications, later(0.1));
    expect(await alertOf('a')).toMatchObject({ pending: { step: 'resolve' }, notified: [] });
  });
});

describe('failing and crashing', () => {
  it('an alert’s row that cannot be read or is not there is an error of its own: the others are confirmed', async () => {
    const notifications = await evaluateAll(
      [
        ['acme', 'a'],
        ['acme', 'b'],
        ['acme', 'c'],
      ],
      overdue,
      noon,
    );
    await spoil(alertItem('a'), { alertFacts: 'written by hand' });
    const facts = alertItem('b').alertFacts as object;
    await spoil(alertItem('b'), { alertFacts: { ...facts, expiresAt: '2026-11-01T00:00:00.000Z' } });
    expect(await send(notifications, noon)).toEqual({
      opened: 3,
      reminded: 0,
      resolved: 0,
      errors: [
        expect.stringMatching(/^notified but not confirmed, so notified again later: a: UnreadableRow: .*ALERT#/),
        'notified but not confirmed, so notified again later: b: Error: the ledger has no row of the alert',
      ],
    });
    expect(publisher.take()).toEqual(['acme backup-missing all 3']);
    expect((await alertOf('c'))?.notified).toHaveLength(1);
  });

  it('a database’s row that cannot be read is an error of its own, too', async () => {
    const notifications = [
      ...(await evaluate('acme', 'a', overdue, noon)),
      ...(await evaluate('zeta', 'z', overdue, noon)),
    ];
    await spoil(
      itemWhere(({ pk, sk }) => pk === `DB#${keyOf('a')}` && sk === 'DATABASE'),
      { databaseFacts: 'written by hand' },
    );
    const { errors } = await send(notifications, noon);
    expect(errors).toEqual([expect.stringMatching(/again later: a: UnreadableRow/)]);
    expect((await alertOf('z'))?.notified).toHaveLength(1);
  });

  it('an alert that its row does not name any more is left alone', async () => {
    const notifications = await evaluate('acme', 'a', overdue, noon);
    const row = await rowOf('a');
    if (!row) throw new Error('expected a row');
    const { alert: _, ...without } = row;
    await ledger.putDatabase(without);
    expect((await send(notifications, noon)).errors).toEqual([]);
    expect((await rowOf('a'))?.nextCheckAt).toEqual(row.nextCheckAt);
    expect(await openAlerts()).toMatchObject([{ notified: [], pending: { step: 'open' } }]);
  });

  it('rows and alerts are read in bulk, 100 a call, and written once each', async () => {
    const databases = Array.from({ length: 150 }, (_, index) => ['acme', `db-${index}`] as const);
    const notifications = await evaluateAll(databases, overdue, noon);
    const calls: Record<string, number> = {};
    ledger = counting(ledger, calls) as MemoryLedger;
    expect((await send(notifications, noon)).errors).toEqual([]);
    expect(calls).toEqual({ openAlerts: 1, databases: 2, alerts: 2, putDatabaseWithAlert: 150 });
  });

  it('a tenant whose message fails does not keep back the others, and is notified again', async () => {
    const notifications = await evaluateAll(
      [
        ['acme', 'a'],
        ['zeta', 'z'],
      ],
      overdue,
      noon,
    );
    publisher.refuses = ({ attributes }) => attributes.tenant === 'acme';
    const tally = await send(notifications, noon);
    expect(tally).toMatchObject({ opened: 1, errors: [expect.stringContaining('tenant acme')] });
    expect(publisher.take()).toEqual(['acme backup-missing operators 1', 'zeta backup-missing all 1']);
    publisher.refuses = () => false;
    expect(await evaluate('zeta', 'z', overdue, later(0.25))).toEqual([]);
    await send(await evaluate('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await alertOf('a')).not.toHaveProperty('pending');
  });

  it('an alert that cannot be composed keeps back no other, of its tenant or in the operators’ digest', async () => {
    const notifications = await evaluateAll(
      [
        ['acme', 'a'],
        ['acme', 'b'],
        ['zeta', 'z'],
      ],
      overdue,
      noon,
    );
    const [odd, ...others] = notifications as [AlertNotification, ...AlertNotification[]];
    const broken = { ...odd, alert: { ...odd.alert, opened: 'yesterday' as unknown as Date } };
    for (const digestAbove of [20, 1]) {
      const { errors } = await send([broken, ...others], noon, digestAbove);
      expect(errors).toContainEqual(
        expect.stringMatching(/^not notified, tried again later: tenant acme, missing, a: /),
      );
    }
    expect(publisher.take()).toEqual([
      '* digest operators 2',
      'acme backup-missing all 1',
      'acme backup-missing tenant 1',
      'zeta backup-missing all 1',
      'zeta backup-missing tenant 1',
    ]);
  });

  it('a crash after a message was pending and before it was published is made up for by the next check', async () => {
    await evaluate('acme', 'a', overdue, noon);
    await send(await evaluate('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(publisher.take()).toEqual(['acme backup-missing all 1']);
    expect(await evaluate('acme', 'a', overdue, later(0.5))).toEqual([]);
  });

  it('a crash after it was published and before it was confirmed doubles the message, and no more', async () => {
    const notifications = await evaluate('acme', 'a', overdue, noon);
    const { read } = ledger.table;
    ledger.table.read = async () => {
      throw new Error('DynamoDB is away');
    };
    const { errors } = await send(notifications, noon);
    expect(errors).toContainEqual(expect.stringContaining('notified but not confirmed'));
    ledger.table.read = read;
    await send(await evaluate('acme', 'a', overdue, later(0.25)), later(0.25));
    expect(await evaluate('acme', 'a', overdue, later(0.5))).toEqual([]);
    expect(publisher.take()).toEqual(['acme backup-missing all 1', 'acme backup-missing all 1']);
  });

  it('the check for what is pending comes with the next watch', async () => {
    await evaluate('acme', 'a', overdue, noon);
    const keys: string[] = [];
    for await (const key of ledger.databasesToCheck(later(0.25))) keys.push(key);
    expect(keys).toEqual([keyOf('a')]);
  });

  it('a resolution that crashed is still sent, and nothing is lost', async () => {
    await send(await evaluate('acme', 'a', overdue, noon), noon);
    publisher.take();
    await evaluate('acme', 'a', fine, later(1));
    await send(await evaluate('acme', 'a', fine, later(1.25)), later(1.25));
    expect(publisher.take()).toEqual(['acme backup-restored all 1']);
    expect(await rowOf('a')).not.toHaveProperty('alert');
  });
});

describe('many tenants at once', () => {
  it('up to the threshold operators get the message of each', async () => {
    await send(await evaluateAll(many(3), overdue, noon), noon, 3);
    expect(publisher.take()).toEqual([
      'tenant-0 backup-missing all 1',
      'tenant-1 backup-missing all 1',
      'tenant-2 backup-missing all 1',
    ]);
  });

  it("above it they get one digest, and the tenants' own recipients still theirs, with nobody else's name", async () => {
    await send(await evaluateAll(many(4), overdue, noon), noon, 3);
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
    const [list] = reports.stored.values();
    for (const [tenant] of many(4)) expect(list).toContain(tenant);
  });

  it('counts the tenants of the last six hours together', async () => {
    await send(await evaluateAll(many(3), overdue, noon), noon, 3);
    publisher.take();
    await send(await evaluate('late', 'late', overdue, later(5.9)), later(5.9), 3);
    expect(publisher.take()).toEqual(['* digest operators 1', 'late backup-missing tenant 1']);
  });

  it('forgets what is longer ago', async () => {
    await send(await evaluateAll(many(3), overdue, noon), noon, 3);
    publisher.take();
    await send(await evaluate('late', 'late', overdue, later(6)), later(6), 3);
    expect(publisher.take()).toEqual(['late backup-missing all 1']);
  });

  it('confirms only what it sent: what has got worse meanwhile is still pending', async () => {
    const notifications = await evaluate('acme', 'orders', { ...overdue, severity: 'warning' }, noon);
    await evaluate('acme', 'orders', overdue, later(1));
    await send(notifications, later(1));
    expect((await alertOf('orders'))?.pending).toEqual({
      step: 'open',
      at: later(1),
      tries: 0,
    });
  });

  it('notifies all the same where those notified before cannot be read', async () => {
    const notifications = await evaluateAll(many(2), overdue, noon);
    ledger.table.query = () => {
      throw new Error('DynamoDB is away');
    };
    const tally = await send(notifications, noon, 3);
    expect(tally).toMatchObject({ opened: 2, errors: [expect.stringContaining('DynamoDB is away')] });
    expect(publisher.take()).toEqual(['tenant-0 backup-missing all 1', 'tenant-1 backup-missing all 1']);
  });

  it('notifies operators of their recovery in one digest, too', async () => {
    await send(await evaluateAll(many(4), overdue, noon), noon, 3);
    publisher.take();
    expect(await send(await evaluateAll(many(4), fine, later(1)), later(1), 3)).toMatchObject({ resolved: 4 });
    expect(publisher.take().filter((line) => line.includes('operators'))).toEqual(['* digest operators 4']);
  });

  it('keeps everything pending where the digest fails, since operators were not notified', async () => {
    publisher.refuses = ({ attributes }) => attributes.kind === 'digest';
    const tally = await send(await evaluateAll(many(4), overdue, noon), noon, 3);
    expect(tally).toMatchObject({ opened: 0, errors: [expect.stringContaining('digest')] });
    for (const alert of await openAlerts()) expect(alert.pending).toBeDefined();
  });

  it('sends the digest without its list where that cannot be stored', async () => {
    reports.put = async () => {
      throw new Error('bucket is away');
    };
    const tally = await send(await evaluateAll(many(4), overdue, noon), noon, 3);
    expect(tally).toMatchObject({ opened: 4, errors: [expect.stringContaining('full list was not stored')] });
    expect(publisher.take()[0]).toBe('* digest operators 4');
  });

  it('a fleet of unknowns is one message to operators, and its end another', async () => {
    await send(await evaluateAll(many(4), unknown, noon), noon, 3);
    expect(publisher.take()).toEqual(['* backup-missing operators 4']);
    await send(await evaluateAll(many(4), fine, later(1)), later(1), 3);
    expect(publisher.take()).toEqual(['* backup-restored operators 4']);
  });

  it('tenants are notified of an unknown once it is critical', async () => {
    await send(await evaluateAll(many(2), unknown, noon), noon);
    publisher.take();
    await send(await evaluateAll(many(2), { ...unknown, severity: 'critical' }, later(24)), later(24));
    expect(publisher.take()).toEqual([
      '* backup-missing operators 2',
      'tenant-0 backup-missing tenant 1',
      'tenant-1 backup-missing tenant 1',
    ]);
  });

  it('stores the list of one tenant with more databases than a message lists', async () => {
    const databases = Array.from({ length: 30 }, (_, index) => ['acme', `db-${index}`] as const);
    await send(await evaluateAll(databases, overdue, noon), noon);
    expect(publisher.messages[0]?.texts.email).toContain('And 5 more. Full list: https://lists.example/alerts/');
    expect([...reports.stored.values()][0]?.trimEnd().split('\n')).toHaveLength(31);
  });
});

describe('who hears of what', () => {
  /** Every channel's text to one audience, of the one message that it gets. */
  const textsTo = (audience: string) => {
    const [message, ...others] = publisher.messages.filter(({ attributes }) => attributes.audience === audience);
    if (!message || others.length > 0) throw new Error(`expected one message to ${audience}`);
    const { email, sms, chat, body } = message.texts;
    return { subject: message.subject, email, sms, chat: chat.content.description, body: JSON.stringify(body) };
  };

  it('what only operators were notified of ends for them alone', async () => {
    await send(await evaluate('acme', 'a', unknown, noon), noon);
    await send(await evaluate('acme', 'a', fine, later(1)), later(1));
    expect(publisher.take()).toEqual(['acme backup-missing operators 1', 'acme backup-restored operators 1']);
  });

  it('what turns out after that begins for the tenant, and got worse for operators', async () => {
    await send(await evaluate('acme', 'a', unknown, noon), noon);
    publisher.take();
    await send(await evaluate('acme', 'a', overdue, later(1)), later(1));
    expect(textsTo('tenant').subject).toBe('CRITICAL acme: 1 database overdue (a)');
    expect(textsTo('tenant').email).not.toContain('got worse');
    expect(textsTo('tenant').body).toContain('"step":"open"');
    expect(textsTo('operators').subject).toBe('NOW CRITICAL acme: 1 database overdue (a)');
    publisher.take();
    await send(await evaluate('acme', 'a', fine, later(2)), later(2));
    expect(publisher.take()).toEqual(['acme backup-restored all 1']);
  });

  it.each(['tenant', 'operators'])('an end whose opening may be lost says to %s what began', async (audience) => {
    publisher.refuses = () => true;
    await send(await evaluate('acme', 'a', overdue, noon), noon);
    publisher.refuses = () => false;
    await send(await evaluate('acme', 'a', fine, later(2)), later(2));
    const { subject, sms, email, chat, body } = textsTo(audience);
    expect(subject).toBe('RESOLVED acme: 1 database protected again (a)');
    expect(sms).toContain('Was overdue since 2026-11-23 12:00 UTC.');
    for (const text of [email, chat]) {
      expect(text.replaceAll(/\s+/g, ' ')).toContain('open since 2026-11-23 12:00 UTC, for 2 h, as overdue');
    }
    expect(body).toContain('"verdict":"overdue"');
    expect(body).toContain('"opened":"2026-11-23T12:00:00.000Z"');
  });

  it('the ends of several alerts say of each what began', async () => {
    const databases = [
      ['acme', 'a'],
      ['acme', 'b'],
    ] as const;
    await send(await evaluateAll(databases, overdue, noon), noon);
    publisher.take();
    await send(await evaluateAll(databases, fine, later(2)), later(2));
    expect(textsTo('tenant').sms).toContain('a (was overdue since 2026-11-23 12:00 UTC), b (was overdue since');
    expect(textsTo('tenant').chat.match(/as overdue/g)).toHaveLength(2);
  });

  it('the end of what a digest said is a digest that says what began', async () => {
    const databases = [
      ['acme', 'a'],
      ['globex', 'b'],
    ] as const;
    await send(await evaluateAll(databases, overdue, noon), noon, 1);
    publisher.take();
    await send(await evaluateAll(databases, fine, later(2)), later(2), 1);
    expect(textsTo('operators').chat.match(/\(was overdue since 2026-11-23 12:00 UTC\)/g)).toHaveLength(2);
    expect(publisher.take()).toEqual([
      '* digest operators 2',
      'acme backup-restored tenant 1',
      'globex backup-restored tenant 1',
    ]);
  });

  it('stores the lists of tenants with similar ids apart', async () => {
    const databases = ['a.b', 'a-b', 'a_b'].flatMap((tenant) =>
      Array.from({ length: 26 }, (_, index) => [tenant, `${tenant}-${index}`] as const),
    );
    await send(await evaluateAll(databases, overdue, noon), noon);
    expect(reports.stored.size).toBe(6);
    for (const list of reports.stored.values()) {
      expect(
        new Set(
          list
            .split('\n')
            .slice(1, -1)
            .map((line) => line.split(/\s+/)[2]),
        ).size,
      ).toBe(1);
    }
  });
});

describe('quiet from the command line', () => {
  beforeEach(async () => {
    await send(await evaluate('acme', 'a', overdue, noon), noon);
  });

  it('acknowledging is kept with who and why', async () => {
    await acknowledgeAlert(ledger, keyOf('a'), { by: 'ann', note: 'on it' }, later(1));
    expect((await alertOf('a'))?.acknowledged).toEqual({ by: 'ann', note: 'on it', at: later(1) });
    expect((await openAlerts())[0]?.acknowledged?.by).toBe('ann');
    expect(await evaluate('acme', 'a', overdue, later(25))).toEqual([]);
  });

  it('snoozing is kept, and its end is a moment to check', async () => {
    await snoozeAlert(ledger, keyOf('a'), { until: later(2), by: 'ann' }, later(1));
    expect(await alertOf('a')).toMatchObject({ snoozedUntil: later(2), snoozed: { by: 'ann', at: later(1) } });
    expect((await rowOf('a'))?.nextCheckAt).toEqual(later(2));
    expect(await evaluate('acme', 'a', overdue, later(2))).toMatchObject([{ step: 'remind' }]);
  });

  it('a snooze into the past is refused with both times', async () => {
    const snoozing = snoozeAlert(ledger, keyOf('a'), { until: noon, by: 'ann' }, later(1));
    await expect(snoozing).rejects.toThrow('got 2026-11-23 12:00 UTC, and it is 2026-11-23 13:00 UTC');
  });

  it('says where there is no open alert', async () => {
    expect(await acknowledgeAlert(ledger, keyOf('nowhere'), { by: 'ann' }, noon)).toBe('no open alert');
    await send(await evaluate('acme', 'a', fine, later(1)), later(1));
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
    expect(await rowOf('a')).toMatchObject({ engine: 'mysql' });
    expect(await alertOf('a')).toMatchObject({ acknowledged: { by: 'ann' } });
  });
});

it('SnsPublisher sends one PublishCommand to its topic, and lets errors climb', async () => {
  const sns = mockClient(SNSClient);
  sns.on(PublishCommand).resolvesOnce({}).rejects(new Error('throttled'));
  await send(await evaluate('acme', 'a', overdue, noon), noon);
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

it('SnsPublisher names the recipients of a tenant who have too many tenants for a filter policy, to that tenant alone', async () => {
  const sns = mockClient(SNSClient);
  sns.on(PublishCommand).resolves({});
  await send(await evaluate('acme', 'a', overdue, noon), noon);
  const topic = new SnsPublisher(new SNSClient(), 'arn', new Map([['acme', ['mailbox']]]));
  for (const message of publisher.messages) await topic.publish(message);
  const named = sns.commandCalls(PublishCommand).map(({ args: [{ input }] }) => input.MessageAttributes);
  expect(named.map((attributes) => [attributes?.audience?.StringValue, attributes?.recipients])).toEqual([
    ['operators', undefined],
    ['tenant', { DataType: 'String.Array', StringValue: '["mailbox"]' }],
  ]);
});

it('an alert remembers the last 50 messages about it, and whom they went to', async () => {
  const [first] = await evaluate('acme', 'a', overdue, noon);
  if (!first) throw new Error('expected an alert');
  const sentAt = Array.from({ length: 60 }, (_, index) => later(index * 24));
  let { alert } = first;
  for (const at of sentAt) alert = confirm({ ...alert, pending: { step: 'remind', at, tries: 0 } }, 'tenant', at);
  expect(alert.notified).toEqual(sentAt.slice(-50).map((at) => ({ at, step: 'remind', to: 'tenant' })));
});
