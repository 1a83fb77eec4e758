import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channels, messageKinds, messageStructure } from '../../../shared/channels/index.ts';
import {
  type Alert,
  type AlertStep,
  alertSteps,
  type Backup,
  type Cause,
  copyStates,
  type LaterCause,
  type MessageAudience,
  type Severity,
  severities,
  shareKey,
  type Unrecognized,
  type VerdictName,
  verdictNames,
} from '../../../shared/domain/index.ts';
import type { EnvironmentNotice, TenantNotice } from '../../../shared/evaluation/index.ts';
import { gsm7Length, isGsm7 } from '../../../shared/lib/safe-text.ts';
import type { AlertEntry } from '../../../shared/notifications/compose/alert-entry.ts';
import type { DailyFacts } from '../../../shared/notifications/compose/digest-facts.ts';
import { fullListOf } from '../../../shared/notifications/compose/full-list.ts';
import { databaseLink, objectLink, runbookLink } from '../../../shared/notifications/links.ts';
import {
  maxMessageBytes,
  messageBytes,
  type OutgoingMessage,
  operatorFilter,
  publishInput,
  tenantFilter,
} from '../../../shared/notifications/message.ts';
import {
  composeAlerts,
  composeCopiesPaused,
  composeCopyFailed,
  composeCopyMessages,
  composeDailyDigest,
  composeEnvironments,
  composeLeftOut,
  composeManyTenants,
  composeTenants,
} from '../../../shared/notifications/messages.ts';
import { aPause } from '../ledger/rows.ts';
import {
  alert,
  context,
  entry,
  environmentNotice,
  failedCopy,
  newestBackup,
  now,
  restored,
  tagChange,
  unwatchedTenant,
} from './given.ts';

const quietDay: DailyFacts = {
  counts: { protected: 240 },
  alerts: [],
  unconfigured: [],
  unwatchedTenants: [],
  tagChanges: [],
  eventsMissed: 0,
  missed: [],
  copies: { complete: 12, queued: 0, running: 0, failed: 0 },
  errors: [],
};

/** Words and codes of a later version. */
const laterVerdict = 'frozen' as Unrecognized;
const laterSeverity = 'fatal' as Unrecognized;
const laterCause = (facts: Record<string, unknown> = {}): LaterCause => ({ code: 'ice-age' as Unrecognized, facts });

const gone = {
  resolved: now,
  outcome: {
    verdict: 'deleted',
    severity: 'warning',
    cause: { code: 'deleted-or-renamed', facts: { lastSeen: '2026-11-23T05:00:00.000Z' } },
    notes: [],
  },
} as const satisfies Partial<Alert>;

/** Every text of a message, and all that its attributes say. */
const everything = (message: OutgoingMessage) => JSON.stringify(message);

interface BodyEntry {
  readonly reason: string;
  readonly ageHours: number | null;
  readonly [field: string]: unknown;
}

const databasesIn = ({ texts }: OutgoingMessage) => (texts.body as { databases: BodyEntry[] }).databases;

describe('the subject', () => {
  const cases: [name: string, entries: AlertEntry[], subject: string][] = [
    ['names one database', [entry()], 'CRITICAL acme: 1 database overdue (orders)'],
    [
      'counts several by verdict, with the severity of the worst',
      [
        entry({ severity: 'warning' }),
        entry({ databaseId: 'b', verdict: 'disabled' }),
        entry({ severity: 'warning', databaseId: 'c' }),
      ],
      'CRITICAL acme: 2 databases overdue, 1 with backups disabled',
    ],
    ['says reminder', [entry({}, 'remind')], 'REMINDER CRITICAL acme: 1 database overdue (orders)'],
    ['says what got worse', [entry({}, 'rise')], 'NOW CRITICAL acme: 1 database overdue (orders)'],
    ['is no reminder where one is new', [entry({}, 'remind'), entry()], 'CRITICAL acme: 2 databases overdue'],
    ['says resolved', [entry(restored, 'resolve')], 'RESOLVED acme: 1 database protected again (orders)'],
    ['does not call a deletion resolved', [entry(gone, 'resolve')], 'CLOSED acme: 1 database deleted (orders)'],
    [
      'does not call leaving the configuration protected',
      [entry({ resolved: now, resolution: { code: 'left-configuration', facts: {} } }, 'resolve')],
      'CLOSED acme: 1 database no longer alerted (orders)',
    ],
    [
      'says a deletion that had no alert',
      [entry({ ...gone, ...gone.outcome })],
      'WARNING acme: 1 database deleted (orders)',
    ],
  ];
  it.each(cases)('%s', (_, entries, subject) => {
    expect(composeAlerts(entries, 'operators', context).subject).toBe(subject);
  });
});

describe('the e-mail', () => {
  it('is complete and aligned', () => {
    expect(composeAlerts([entry()], 'operators', context).texts.email).toBe(
      `acme: 1 database overdue (orders).

CRITICAL orders (postgres, instance) overdue
  Last backup    2026-11-22 03:12 UTC, 26 h 48 min ago (rds:orders-2026-11-22-03-12)
  Overdue since  2026-11-23 05:30 UTC (30 min)
  Why            The newest backup is from 2026-11-22 03:12 UTC, 26 h 48 min old; the deadline was
                 2026-11-23 05:30 UTC. Point-in-time restore is stale, too: it ends at 2026-11-22
                 03:12 UTC, 26 h 48 min ago; take a manual snapshot now and check the database's
                 events.
  What to do     Take a snapshot now, then find out why RDS took none:
                 aws rds create-db-snapshot --region eu-west-1 --db-instance-identifier orders --db-snapshot-identifier orders-202611230600
  RDS console    https://eu-west-1.console.aws.amazon.com/rds/home?region=eu-west-1#database:id=orders;is-cluster=false
  Runbook        https://example.com/runbook.md#backup-overdue

Snooze:       npm run ledger -- alert snooze orders --until 2026-11-23T08:00Z
Acknowledge:  npm run ledger -- alert ack orders --note "<what you do>"
Run in a clone of rds-backup-ledger, with the account's credentials; each takes one database.

Times are UTC. Sent 2026-11-23 06:00 UTC by rds-backup-ledger, account 123456789012, eu-west-1.`,
    );
  });

  it('to a tenant’s recipients has no command: whom to ask instead', () => {
    const { email, chat } = composeAlerts([entry()], 'tenant', context).texts;
    for (const text of [email, chat.content.nextSteps.join()]) {
      expect(text).toContain('Ask the operators of your databases; they have the next steps.');
      expect(text).not.toMatch(/aws rds|npm run/);
    }
  });

  it('to operators says how to quiet the alert, in a clone', () => {
    const { email, chat } = composeAlerts([entry()], 'operators', context).texts;
    expect(email).toContain(`
Snooze:       npm run ledger -- alert snooze orders --until 2026-11-23T08:00Z
Acknowledge:  npm run ledger -- alert ack orders --note "<what you do>"
Run in a clone of rds-backup-ledger, with the account's credentials; each takes one database.

Times are UTC.`);
    expect(chat.content.nextSteps).toContain(
      'Snooze: `npm run ledger -- alert snooze orders --until 2026-11-23T08:00Z`',
    );
  });

  it('lists the worst first: by severity, then no backup at all, then the oldest', () => {
    const { newestBackup: _, ...never } = alert({ databaseId: 'never', verdict: 'never' });
    const older = newestBackup('2026-11-20T00:00:00Z');
    const entries: AlertEntry[] = [
      entry({ databaseId: 'warned', severity: 'warning' }),
      entry({ databaseId: 'young' }),
      entry({ databaseId: 'older', newestBackup: older }),
      { alert: never, step: 'open' },
    ];
    const { email } = composeAlerts(entries, 'operators', context).texts;
    const order = [...email.matchAll(/^(?:CRITICAL|WARNING) (\S+)/gm)].map(([, name]) => name);
    expect(order).toEqual(['never', 'older', 'young', 'warned']);
  });

  it('of a resolution says what ended it and how long it lasted, and asks for nothing', () => {
    const { email } = composeAlerts([entry(restored, 'resolve')], 'operators', context).texts;
    expect(email).toContain('Resolved       The newest backup is from 2026-11-23 05:50 UTC');
    expect(email).toContain('Last backup    2026-11-23 05:50 UTC, 10 min ago (orders-by-hand)');
    expect(email).toContain('open since 2026-11-23 05:31 UTC, for 29 min');
    expect(email).not.toMatch(/snooze|What to do/);
  });

  it('gives a cluster the command for clusters, and an odd name none', () => {
    const cluster = composeAlerts([entry({ databaseKind: 'cluster' })], 'operators', context).texts.email;
    expect(cluster).toContain('create-db-cluster-snapshot --region eu-west-1 --db-cluster-identifier orders');
    const odd = composeAlerts([entry({ databaseId: 'x; rm -rf /' })], 'operators', context).texts;
    expect(odd.email + odd.chat.content.nextSteps.join()).not.toMatch(/aws rds|npm run/);
  });

  it('asks for no snapshot that RDS would refuse: a stopped one is to be started, another made available', () => {
    const stopped = composeAlerts([entry({ status: 'stopped' })], 'operators', context).texts;
    expect(stopped.email).toContain('start it and take one, or exclude it:');
    expect(stopped.email).toContain('aws rds start-db-instance --region eu-west-1 --db-instance-identifier orders\n');
    expect(stopped.chat.content.nextSteps[0]).toMatch(/^Start it: `aws rds start-db-instance /);
    const cluster = composeAlerts([entry({ status: 'stopping', databaseKind: 'cluster' })], 'operators', context).texts;
    expect(cluster.email).toContain('aws rds start-db-cluster --region eu-west-1 --db-cluster-identifier orders\n');
    const full = composeAlerts([entry({ status: 'storage-full' })], 'operators', context).texts;
    expect(full.email).toContain('no snapshot of it while its status is storage-full. Make it available');
    for (const { email, chat } of [stopped, cluster, full]) {
      expect(email + chat.content.nextSteps.join()).not.toContain('snapshot --region');
    }
  });

  it('makes no link of what comes from outside', () => {
    const reason = 'see http://evil.example/a?b or www.evil.example; HTTPS://x.example';
    const cause = { code: 'excluded-by-tag', facts: { reason } } as const;
    const { email } = composeAlerts([entry({ verdict: 'excluded', cause })], 'operators', context).texts;
    expect(email.replaceAll(/\s+/g, ' ')).toContain(
      'see http[:]//evil[.]example/a?b or www[.]evil[.]example; HTTPS[:]//x[.]example',
    );
    expect(email).toContain('https://example.com/runbook.md#');
  });

  it('names a runbook that is a path as a path, and links one that is a URL', () => {
    const local = composeAlerts([entry()], 'operators', { ...context, runbookUrl: 'docs/runbook.md' }).texts;
    expect(local.email).toContain('Runbook        docs/runbook.md#backup-overdue\n');
    expect(local.chat.content.nextSteps).toContain('Runbook: docs/runbook.md#backup-overdue');
  });

  it('names what it leaves out, with the link to the full list', () => {
    const many = Array.from({ length: 300 }, (_, index) => entry({ databaseId: `db-${index}` }));
    const { texts } = composeAlerts(many, 'operators', { ...context, fullList: 'https://list.example' });
    expect(texts.email).toContain('And 275 more. Full list: https://list.example');
    expect(texts.body).toMatchObject({ count: 300, notListed: 275, fullList: 'https://list.example' });
  });
});

describe('the SMS', () => {
  const sms = (changes: Partial<Alert>, step: AlertStep = 'open') =>
    composeAlerts([entry(changes, step)], 'operators', context).texts.sms;

  it('says age and cause of one database', () => {
    expect(sms({})).toBe(
      'CRITICAL acme: 1 database overdue (orders). Last backup 26 h 48 min ago. Point-in-time restore is stale, too: it ends at 2026-11-22 03:12 UTC, 26 h 48 min ag...',
    );
  });

  const causes: [cause: Cause, begins: string][] = [
    [{ code: 'no-known-cause', facts: {} }, 'RDS shows no cause'],
    [
      { code: 'snapshot-skipped', facts: { restorableUntil: '2026-11-23T05:55:00.000Z' } },
      'RDS took no snapshot of it and gives no reason',
    ],
    [{ code: 'backup-in-progress', facts: { snapshot: 'a', since: '2026-11-23T05:00:00.000Z' } }, 'A backup is being'],
    [
      { code: 'stopped', facts: { since: '2026-11-22T05:00:00.000Z' } },
      'It has been stopped since 2026-11-22 05:00 UTC',
    ],
    [{ code: 'status-prevents-backups', facts: { status: 'storage-full' } }, 'Its status is storage-full'],
    [{ code: 'aws-backup-made-none', facts: {} }, 'AWS Backup manages it and made no backup'],
  ];
  it.each(causes)('of an overdue database is one part, with the age and the cause $code', (cause, begins) => {
    const text = sms({ cause, databaseId: 'a-database-with-an-ordinary-name' });
    expect(text).toContain(`Last backup 26 h 48 min ago. ${begins}`);
    expect(gsm7Length(text)).toBeLessThanOrEqual(160);
  });

  it('says what ended an alert', () => {
    expect(sms(restored, 'resolve')).toMatch(/^RESOLVED acme: .* \(orders\)\. .*2026-11-23 05:50 UTC/);
    expect(sms(gone, 'resolve')).toMatch(/^CLOSED acme: 1 database deleted \(orders\)\. .*RDS no longer has it/);
    const left = { resolved: now, resolution: { code: 'left-configuration', facts: {} } } as const;
    expect(sms(left, 'resolve')).toMatch(/^CLOSED acme: .* \(orders\)\. .*no longer configured/);
  });

  it('names as many databases as fit, and how many more there are', () => {
    const many = Array.from({ length: 9 }, (_, index) => entry({ databaseId: `customer-database-${index}` }));
    expect(composeAlerts(many, 'operators', context).texts.sms).toBe(
      'CRITICAL acme: 9 databases overdue. customer-database-0 26 h 48 min, customer-database-1 26 h 48 min, customer-database-2 26 h 48 min, +6 more',
    );
  });
});

describe('the chat message', () => {
  const thread = (entries: AlertEntry[]) => composeAlerts(entries, 'operators', context).texts.chat.metadata.threadId;

  it('has the form that Amazon Q Developer shows', () => {
    const { chat } = composeAlerts([entry()], 'operators', context).texts;
    expect(chat).toMatchObject({
      version: '1.0',
      source: 'custom',
      content: { textType: 'client-markdown', title: ':rotating_light: CRITICAL acme: 1 database overdue (orders)' },
    });
    expect(chat.content.nextSteps[0]).toContain('aws rds create-db-snapshot');
    expect(chat.content.nextSteps).toContain('<https://example.com/runbook.md#backup-overdue|Runbook>');
  });

  it('ties opening, reminder and resolution of an alert into one thread', () => {
    const opened = thread([entry()]);
    expect(thread([entry({}, 'remind')])).toBe(opened);
    expect(thread([entry(restored, 'resolve')])).toBe(opened);
    expect(thread([entry({ databaseId: 'renamed' }, 'remind')])).toBe(opened);
  });

  it('begins a new thread for a new alert, though an older one is reminded of with it', () => {
    const old = entry({ opened: new Date('2026-11-20T00:00:00Z') }, 'remind');
    expect(thread([old, entry()])).toBe(thread([entry()]));
    expect(thread([old])).not.toBe(thread([entry()]));
    expect(thread([entry({ tenant: 'zeta' })])).not.toBe(thread([entry()]));
  });

  const quoted = (reason: string) => {
    const { description } = composeAlerts(
      [entry({ verdict: 'excluded', cause: { code: 'excluded-by-tag', facts: { reason } } })],
      'operators',
      context,
    ).texts.chat.content;
    return description.split('Excluded by its tag: ')[1]?.split('.\n')[0];
  };

  it.each([
    ['<!channel> <@U123> <http://evil|bank>', '&lt;!channel&gt; &lt;＠U123&gt; &lt;http꞉//evil|bank&gt;'],
    ['[x](http://evil.example/a) *b* `c` & d', "(x)(http꞉//evil․example/a) ∗b∗ 'c' &amp; d"],
    ['see www.evil.example or evil.example', 'see www․evil․example or evil․example'],
    ['_i_ (_i_) __b__ ~s~ and my_own_table', '＿i＿ (＿i＿) ＿＿b＿＿ ∼s∼ and my_own_table'],
    [':tada: :+1: a:key:b 04:08', '꞉tada: ꞉+1: a꞉key:b 04:08'],
    ['@here @channel ann@example.com #general # 1', '＠here ＠channel ann＠example․com ＃general # 1'],
    ['mailto:a@b.c javascript:alert(1)', 'mailto:a＠b․c javascript:alert(1)'],
  ])('lets text from outside neither mention, link nor format: %s', (reason, shown) => {
    expect(quoted(reason)).toBe(shown);
  });

  it('leaves a command as it is to be typed, and the emoji of its title', () => {
    const { chat } = composeAlerts([entry({ databaseId: 'a-b' })], 'operators', context).texts;
    expect(chat.content.title).toMatch(/^:rotating_light: CRITICAL/);
    expect(chat.content.nextSteps).toContain('Snooze: `npm run ledger -- alert snooze a-b --until 2026-11-23T08:00Z`');
    const odd = composeAlerts([entry({ databaseId: '&'.repeat(63) })], 'operators', context).texts.chat;
    expect(odd.content.title.length).toBeLessThan(250);
  });

  it('says what ended an alert', () => {
    const { description } = composeAlerts([entry(restored, 'resolve')], 'operators', context).texts.chat.content;
    expect(description).toMatch(/\*protected again\*\. .*2026-11-23 05:50 UTC/);
  });
});

describe('the JSON body', () => {
  const body = (one: AlertEntry, audience: MessageAudience = 'operators') =>
    databasesIn(composeAlerts([one], audience, context))[0];

  it('has cause and notes as data, and where the database is', () => {
    const notes = [{ code: 'event-lost', facts: {} }] as const;
    expect(body(entry({ notes }))).toEqual({
      tenant: 'acme',
      database: 'orders',
      key: '123456789012/eu-west-1/db-ORDERS',
      account: '123456789012',
      region: 'eu-west-1',
      kind: 'instance',
      engine: 'postgres',
      step: 'open',
      verdict: 'overdue',
      cause: { code: 'restore-point-stale', facts: { restorableUntil: '2026-11-22T03:12:00.000Z' } },
      notes,
      severity: 'critical',
      status: null,
      reason: expect.stringContaining('Point-in-time restore is stale'),
      newestBackup: { id: 'rds:orders-2026-11-22-03-12', time: '2026-11-22T03:12:00.000Z' },
      ageHours: 26.8,
      deadline: '2026-11-23T05:30:00.000Z',
      opened: '2026-11-23T05:31:00.000Z',
      resolved: null,
      resolution: null,
      resolutionCause: null,
      outcome: null,
      consoleUrl:
        'https://eu-west-1.console.aws.amazon.com/rds/home?region=eu-west-1#database:id=orders;is-cluster=false',
      runbookUrl: 'https://example.com/runbook.md#backup-overdue',
    });
  });

  it('of a resolution has the verdict that ended it and its backup, and the cause of the alert still', () => {
    expect(body(entry(restored, 'resolve'))).toMatchObject({
      verdict: 'overdue',
      cause: { code: 'restore-point-stale' },
      newestBackup: { id: 'orders-by-hand', time: '2026-11-23T05:50:00.000Z' },
      ageHours: 0.17,
      resolution: expect.stringContaining('2026-11-23 05:50 UTC'),
      resolutionCause: null,
      outcome: { verdict: 'protected', cause: null, notes: [] },
    });
  });

  it('of what another database ended has why instead', () => {
    const ended = { resolved: now, resolution: { code: 'name-taken-over', facts: {} } } as const;
    expect(body(entry(ended, 'resolve'))).toMatchObject({
      resolution: expect.stringContaining('name'),
      resolutionCause: { code: 'name-taken-over', facts: {} },
      outcome: null,
    });
  });

  it('is of the database’s own account and Region', () => {
    expect(body(entry({ database: '210987654321/us-east-1/db-ORDERS' }))).toMatchObject({
      account: '210987654321',
      region: 'us-east-1',
    });
  });
});

describe('prose', () => {
  it('is made as of the message: at another moment ages differ, facts do not', () => {
    const at = (hours: number) => {
      const moment = { ...context, now: new Date(now.getTime() + hours * 3_600_000) };
      return composeAlerts([entry()], 'operators', moment);
    };
    const [early, late] = [at(0), at(1)];
    const [[first], [second]] = [databasesIn(early), databasesIn(late)];
    expect(first?.reason).toContain('26 h 48 min');
    expect(second?.reason).toContain('27 h 48 min');
    expect({ ...second, reason: first?.reason, ageHours: first?.ageHours }).toEqual(first);
    for (const { texts } of [late]) {
      for (const text of [texts.email, texts.sms, texts.chat.content.description]) {
        expect(text).toContain('27 h 48 min');
        expect(text).not.toContain('26 h 48 min');
      }
    }
  });

  it('of a resolution is as of its end, however late the message', () => {
    const of = (context_: typeof context) =>
      databasesIn(composeAlerts([entry(restored, 'resolve')], 'operators', context_))[0];
    const late = { ...context, now: new Date(now.getTime() + 7 * 3_600_000) };
    expect(of(late)?.resolution).toBe(of(context)?.resolution);
  });
});

describe('what a tenant must not see', () => {
  const moved = { resolved: now, resolution: { code: 'moved-to-tenant', facts: { tenant: 'globex' } } } as const;
  const leaking: [name: string, entry: AlertEntry][] = [
    ['an alert that ended because its database moved', entry(moved, 'resolve')],
    [
      'an error of RDS',
      entry({
        verdict: 'unknown',
        cause: { code: 'rds-not-answering', facts: { error: 'no access to globex', since: now.toISOString() } },
      }),
    ],
    [
      'a note on who had the name before',
      entry({ notes: [{ code: 'name-used-before', facts: { resourceId: 'db-globex' } }] }),
    ],
    ['a cause of a later version', entry({ cause: laterCause({ tenant: 'globex', neighbours: ['globex'] }) })],
    ['a note of a later version', entry({ notes: [laterCause({ owner: { id: 'globex' } })] })],
    [
      'a fact that a later version adds to a code',
      entry({ notes: [{ code: 'renamed-from', facts: { id: 'old', ...{ tenant: 'globex', sharedWith: 'globex' } } }] }),
    ],
  ];

  it.each(leaking)('another tenant’s name is in no message of %s', (_, one) => {
    expect(everything(composeAlerts([one], 'tenant', context))).not.toContain('globex');
    expect(fullListOf([one], { ...context, audience: 'tenant' })).not.toContain('globex');
    const digest = composeManyTenants([one], context);
    for (const message of [composeAlerts([one], 'operators', context), digest]) {
      expect(JSON.stringify(message.texts.body)).toContain('globex');
    }
  });

  it('operators read whose the database is now', () => {
    const { texts } = composeAlerts([entry(moved, 'resolve')], 'operators', context);
    expect(databasesIn({ texts } as OutgoingMessage)[0]).toMatchObject({ resolutionCause: moved.resolution });
    for (const text of [texts.email, texts.sms, texts.chat.content.description]) expect(text).toContain('globex');
  });

  it('a copy that was not made since its database changed hands names nobody else', () => {
    const copy = {
      ...failedCopy().copy,
      state: 'skipped',
      cause: { code: 'owner-changed', facts: { tenant: 'globex' } },
    } as const;
    expect(everything(composeCopyFailed('acme', [failedCopy({ copy })], 'tenant', context))).not.toContain('globex');
  });
});

describe('a message about copies that wait for a fault of set-up', () => {
  const said = 'The S3 bucket archive could not be used. Error code: NoSuchBucket';
  const pause = aPause({
    cause: { code: 'bucket-missing', facts: { bucket: 'archive', region: 'eu-west-1', said } },
    pausedAt: now,
  });

  it('names scope, cause, what RDS says, and when the first snapshot expires', () => {
    const firstExpiry = new Date('2026-11-30T04:08:00Z');
    const message = composeCopiesPaused({ pause, waiting: 60, firstExpiry }, context);
    expect(message.subject).toBe('WARNING copies are paused: bucket archive');
    expect(message.attributes).toMatchObject({ kind: 'copies-paused', audience: 'operators', severity: 'warning' });
    const email = String(message.texts.email).replace(/\s+/g, ' ');
    expect(email).toContain('bucket archive does not exist: create it in eu-west-1');
    expect(email).toContain(`(RDS says: ${said})`);
    expect(email).toContain('60 copies; the first snapshot expires at 2026-11-30 04:08 UTC');
    expect(email).toContain('all go on by themselves when one succeeds');
  });

  it('names the account and Region where they are not those of the stack', () => {
    const { texts } = composeCopiesPaused(
      { pause: { ...pause, environment: '210987654321/us-east-1' }, waiting: 60 },
      context,
    );
    expect(String(texts.email).replace(/\s+/g, ' ')).toContain('account 210987654321, us-east-1');
    expect(texts.body).toMatchObject({ pauses: [{ account: '210987654321', region: 'us-east-1' }] });
  });

  it('says what waits where nothing can be done in an account and Region', () => {
    const name = '210987654321/us-east-1';
    const facts = { account: '210987654321', region: 'us-east-1', said: 'AccessDenied: not authorized' };
    const refused = aPause({
      environment: name,
      kind: 'environment',
      name,
      cause: { code: 'environment-refused', facts },
      pausedAt: now,
    });
    const { subject, texts } = composeCopiesPaused({ pause: refused, waiting: 12 }, context);
    expect(subject).toBe(`WARNING copies are paused: environment ${name}`);
    const email = String(texts.email).replace(/\s+/g, ' ');
    expect(email).toContain('Nothing can be copied in this account and Region.');
    expect(email).toContain('deploy the stack RdsBackupLedgerSpoke-210987654321-us-east-1 (again)');
    expect(email).not.toContain('Copies of several databases failed');
  });

  it('says so where no snapshot expires by its age, and counts one as one', () => {
    const { email } = composeCopiesPaused({ pause, waiting: 1 }, context).texts;
    expect(email).toContain('1 copy; no snapshot expires by its age');
  });
});

describe('every kind of message, in every channel, to every audience', () => {
  const steps: readonly AlertStep[] = alertSteps;
  const globex = { code: 'moved-to-tenant', facts: { tenant: 'globex' } } as const;
  const handedOver = { ...failedCopy().copy, cause: { code: 'owner-changed', facts: { tenant: 'globex' } } } as const;
  const many = <One>(one: (id: string) => One) => Array.from({ length: 40 }, (_, index) => one(`db-${index}`));
  const fewOrMany = <One>(one: (id: string) => One) => [[one('orders')], many(one)];

  const alertsOf = (audience: MessageAudience) =>
    verdictNames.flatMap((verdict) =>
      steps.flatMap((step) =>
        ['stopped', undefined].flatMap((status) =>
          fewOrMany((databaseId) => {
            const ends = step === 'resolve' ? { resolved: now, resolution: globex } : {};
            return entry({ verdict, databaseId, ...ends, ...(status !== undefined && { status }) }, step);
          }).map((entries) => composeAlerts(entries, audience, context)),
        ),
      ),
    );
  const copiesOf = (tenant: string | undefined, audience: MessageAudience) =>
    copyStates.flatMap((state) =>
      fewOrMany((databaseId) => failedCopy({ databaseId, copy: { ...handedOver, state } as Backup['copy'] })).map(
        (copies) => composeCopyFailed(tenant, copies, audience, context),
      ),
    );
  const digests = fewOrMany((databaseId) =>
    entry({ databaseId, resolved: now, resolution: globex }, 'resolve'),
  ).flatMap((entries) => [
    composeManyTenants(entries, context),
    composeDailyDigest({ ...quietDay, alerts: entries, unconfigured: many((id) => id) }, context),
  ]);
  const leftOut = fewOrMany((databaseId) => ({ text: `instance ${databaseId} could not be written` })).map((some) =>
    composeLeftOut(some, context),
  );
  const tenants = (['open', 'rise', 'resolve'] as const).flatMap((step) =>
    fewOrMany((tenant): TenantNotice => {
      const ended = step === 'resolve' && { ended: 'left' as const };
      return { step, unwatched: unwatchedTenant({ tenant, severity: 'critical', ...ended }) };
    }).map((notices) => composeTenants(notices, context)),
  );
  const paused = (['environment', 'account', 'role', 'key', 'bucket'] as const).map((kind) =>
    composeCopiesPaused({ pause: aPause({ kind, pausedAt: now }), waiting: 60, firstExpiry: now }, context),
  );
  const codes = ['unread', 'events-missing', 'events-undelivered', 'not-configured'] as const;
  const troubles = codes.flatMap((code) =>
    (['open', 'rise', 'resolve'] as const).flatMap((step) =>
      fewOrMany((accountName): EnvironmentNotice => {
        const notice = environmentNotice({ code, events: 3, ...(step === 'resolve' && { ended: 'over' }) });
        return { ...notice, step, environment: { ...notice.environment, accountName } };
      }).map((notices) => composeEnvironments(notices, context)),
    ),
  );
  const readers: readonly MessageAudience[] = ['tenant', 'operators'];
  const all = [
    ...readers.flatMap(alertsOf),
    ...readers.flatMap((audience) => copiesOf('acme', audience)),
    ...copiesOf(undefined, 'operators'),
    ...digests,
    ...leftOut,
    ...paused,
    ...tenants,
    ...troubles,
  ];
  const texts = ({ texts: its }: OutgoingMessage) => Object.entries(messageStructure(its));

  it('is among these', () => {
    expect(new Set(all.map(({ attributes }) => attributes.kind))).toEqual(new Set(Object.keys(messageKinds)));
    expect(new Set(all.map(({ attributes }) => attributes.audience))).toEqual(new Set(readers));
    for (const message of all) expect(texts(message)).toHaveLength(Object.keys(channels).length);
  });

  it('names no package that somebody else could publish', () => {
    for (const message of all) for (const [, text] of texts(message)) expect(text).not.toMatch(/\bnpx\b/);
  });

  it('names a tenant’s recipients no command of ours and no other tenant; operators see both', () => {
    const reachesTenants = ({ attributes: { audience } }: OutgoingMessage) => audience !== 'operators';
    for (const message of all.filter(reachesTenants)) {
      for (const [, text] of texts(message)) expect(text).not.toMatch(/npm run|alert snooze|alert ack|--open|globex/);
    }
    const forOperators = JSON.stringify(all.filter((message) => !reachesTenants(message)));
    for (const part of ['alert snooze', 'alert ack', 'alerts --open', 'copies']) {
      expect(forOperators).toContain(`npm run ledger -- ${part}`);
    }
    expect(forOperators).toContain('globex');
  });
});

describe('words of a later version', () => {
  const later = entry({
    verdict: laterVerdict,
    severity: laterSeverity,
    cause: laterCause({ depth: 3 }),
    notes: [{ ...laterCause(), code: 'mammoth' as Unrecognized }],
  });

  it('are shown as they are in every channel', () => {
    for (const message of [
      composeAlerts([later], 'operators', context),
      composeAlerts([later], 'operators', context),
      composeManyTenants([later], context),
      composeDailyDigest({ ...quietDay, counts: { protected: 1, [laterVerdict]: 1 }, alerts: [later] }, context),
    ]) {
      const { email, sms, chat } = message.texts;
      expect(email).toContain('frozen');
      expect(chat.content.description).toContain('frozen');
      expect(databasesIn(message)[0]).toMatchObject({
        verdict: 'frozen',
        severity: 'fatal',
        cause: { code: 'ice-age' },
        notes: [{ code: 'mammoth' }],
        runbookUrl: 'https://example.com/runbook.md#rds-not-answering',
      });
      // No filter policy knows it, so it goes out as the worst that there is.
      expect(message.attributes.severity).toBe('critical');
      expect(sms).toMatch(/frozen|not protected/);
    }
    const { email, sms, chat } = composeAlerts([later], 'operators', context).texts;
    for (const text of [email, sms, chat.content.description]) expect(text).toContain('ice-age');
    expect(fullListOf([later], { ...context, audience: 'operators' })).toMatch(/fatal .* frozen .*ice-age/);
  });

  it('end an alert without being called protection', () => {
    const ended = {
      resolved: now,
      outcome: { ...restored.outcome, verdict: laterVerdict, cause: laterCause() },
    };
    const { subject, texts } = composeAlerts([entry(ended, 'resolve')], 'operators', context);
    expect(subject).toBe('CLOSED acme: 1 database no longer alerted (orders)');
    expect(databasesIn({ texts } as OutgoingMessage)[0]).toMatchObject({
      outcome: { verdict: 'frozen', cause: { code: 'ice-age' } },
    });
    const resolution = { resolved: now, resolution: laterCause() };
    expect(composeAlerts([entry(resolution, 'resolve')], 'operators', context).texts.sms).toContain('ice-age');
  });

  it('count as not known to be protected', () => {
    const counts = { protected: 3, [laterVerdict]: 1 };
    expect(composeDailyDigest({ ...quietDay, counts }, context).subject).toBe('WARNING 1 of 4 databases not protected');
  });
});

describe('the attributes', () => {
  it('carry tenant, severity, kind and audience', () => {
    const input = publishInput(composeAlerts([entry()], 'tenant', context), 'arn:topic');
    const values = Object.entries(input.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]);
    expect(Object.fromEntries(values)).toEqual({
      tenant: 'acme',
      severity: 'critical',
      kind: 'backup-missing',
      audience: 'tenant',
    });
    expect(input).toMatchObject({ TopicArn: 'arn:topic', MessageStructure: 'json' });
  });

  it('of a resolution carry the severity of its alert, so that whoever got the opening gets it', () => {
    const { attributes } = composeAlerts(
      [entry({ ...restored, severity: 'warning' }, 'resolve')],
      'operators',
      context,
    );
    expect(attributes).toMatchObject({ severity: 'warning', kind: 'backup-restored' });
  });

  it('of a message for operators match no tenant', () => {
    const message = composeAlerts([entry({ verdict: 'unknown' })], 'operators', context);
    expect(message.attributes.tenant).toBe('*');
    expect(tenantFilter(['acme']).tenant).not.toContain(message.attributes.tenant);
    expect(operatorFilter.audience).toEqual(['all', 'operators']);
  });
});

describe('digests', () => {
  it('of many tenants list the worst first, with the full list', () => {
    const entries = [entry({ severity: 'warning', tenant: 'a' }), entry({ tenant: 'b', databaseId: 'worst' })];
    const { subject, texts, attributes } = composeManyTenants(entries, {
      ...context,
      fullList: 'https://list.example',
    });
    expect(subject).toBe('CRITICAL 2 tenants: 2 databases overdue');
    expect(texts.email.indexOf('worst')).toBeLessThan(texts.email.indexOf('orders'));
    expect(texts.email).toContain('Full list: https://list.example');
    expect(attributes).toEqual({ tenant: '*', severity: 'critical', kind: 'digest', audience: 'operators' });
  });

  it('of many take no shared database for a tenant', () => {
    const pool = (id: string) => entry({ tenant: `shared:${id}`, databaseId: id });
    const of = (...entries: AlertEntry[]) => composeManyTenants(entries, context);
    const mixed = of(entry({ tenant: 'a' }), entry({ tenant: 'b' }), pool('pool-1'));
    expect(mixed.subject).toBe('CRITICAL 2 tenants and 1 shared database: 3 databases overdue');
    expect(mixed.texts.body).toMatchObject({ tenants: 2 });
    expect(of(pool('pool-1'), pool('pool-2')).subject).toBe('CRITICAL 2 shared databases: 2 databases overdue');
    expect(of(entry({ tenant: 'a' }), pool('pool-1')).subject).toMatch(/^CRITICAL 1 tenant and 1 shared database:/);
  });

  it('of a quiet day say so', () => {
    const { subject, attributes } = composeDailyDigest(quietDay, context);
    expect(subject).toBe('All 240 databases protected');
    expect(attributes).toEqual({ tenant: '*', severity: 'info', kind: 'digest', audience: 'operators' });
  });

  it('promise nothing for new, excluded and deleted databases', () => {
    const subject = (counts: DailyFacts['counts']) => composeDailyDigest({ ...quietDay, counts }, context).subject;
    expect(subject({ protected: 2, due: 1, new: 1, excluded: 4, deleted: 1 })).toBe('All 3 databases protected, 1 new');
    expect(subject({ new: 1 })).toBe('The one database is new');
    expect(subject({ excluded: 3 })).toBe('WARNING no database is configured, so nothing is watched');
  });

  it('of a bad day count what is not protected', () => {
    const { subject, texts } = composeDailyDigest(
      {
        ...quietDay,
        counts: { protected: 238, overdue: 1, unknown: 1, excluded: 3 },
        alerts: [entry(), entry({ verdict: 'unknown', severity: 'warning', databaseId: 'crm' })],
        unconfigured: ['playground'],
        tagChanges: [tagChange('tmp', { code: 'excluded', reason: 'gone next week' })],
        eventsMissed: 1,
        missed: [{ databaseId: 'orders', snapshotId: 'rds:orders-1' }],
        copies: { complete: 1, queued: 2, running: 5, failed: 3, oldestQueuedHours: 2.5 },
        errors: ['describe failed'],
        reportUrl: 'https://report.example',
      },
      context,
    );
    expect(subject).toBe('CRITICAL 2 of 240 databases not protected; 1 tag change to review');
    for (const part of [
      '238 protected, 1 overdue, 1 unknown, 3 excluded',
      '1 complete and 3 failed; now 5 running, 2 waiting (oldest 2 h 30 min)',
      '1 database in RDS and not configured\n  playground',
      'Changed by tag: 1 excluded\n  tmp (acme): excluded, so nobody is alerted of it: gone next week',
      '1 backup that no event announced\n  orders: rds:orders-1',
      '1 error of the sweep\n  describe failed',
      'Report: https://report.example',
    ]) {
      expect(texts.email).toContain(part);
    }
  });

  it('of a day with warnings only, failed copies or nothing configured is not information', () => {
    const severity = (facts: Partial<DailyFacts>) =>
      composeDailyDigest({ ...quietDay, ...facts }, context).attributes.severity;
    expect(severity({ alerts: [entry({ verdict: 'protected', severity: 'warning' })] })).toBe('warning');
    expect(severity({ copies: { ...quietDay.copies, failed: 1 } })).toBe('warning');
    expect(severity({ errors: ['half a listing'] })).toBe('warning');
    expect(severity({ counts: {} })).toBe('warning');
    expect(severity({ counts: { overdue: 1 } })).toBe('warning');
  });
});

describe('failed copies', () => {
  it('are announced with cause and target, and as no missing backup', () => {
    const { subject, texts, attributes } = composeCopyFailed('acme', [failedCopy()], 'operators', context);
    expect(subject).toBe('WARNING acme: 1 S3 copy failed (orders)');
    expect(texts.email).toContain('The backups themselves are in RDS and count');
    expect(texts.email).toContain('s3://acme-orders-backups/orders');
    expect(texts.email).toContain('s3:PutObject');
    expect(attributes).toEqual({ tenant: '*', severity: 'warning', kind: 'copy-failed', audience: 'operators' });
  });

  it('are called stuck while they still run', () => {
    const running = failedCopy({ copy: { ...failedCopy().copy, state: 'running' } });
    expect(composeCopyFailed('acme', [running], 'operators', context).subject).toBe(
      'WARNING acme: 1 S3 copy stuck (orders)',
    );
  });

  it('of databases without a tenant go to operators', () => {
    expect(composeCopyFailed(undefined, [failedCopy()], 'operators', context).attributes).toMatchObject({
      tenant: '*',
      audience: 'operators',
    });
  });

  it('stand each with its own text, also where they share a cause, and as data', () => {
    const denied = (bucket: string) =>
      failedCopy({
        copy: { ...failedCopy().copy, cause: { code: 'bucket-denied', facts: { bucket, role: 'r', said: 'denied' } } },
      });
    const { texts } = composeCopyFailed('acme', ['one', 'two'].map(denied), 'operators', context);
    for (const bucket of ['one', 'two']) {
      expect(texts.email.replace(/\s+/g, ' ')).toContain(`s3:GetBucketLocation on bucket ${bucket} to the role r`);
      expect(texts.chat.content.description).toContain(`on bucket ${bucket} to the role r`);
    }
    expect(texts.body).toMatchObject({
      copies: [
        { cause: { code: 'bucket-denied', facts: { bucket: 'one', role: 'r', said: 'denied' } } },
        { cause: { code: 'bucket-denied', facts: { bucket: 'two', role: 'r', said: 'denied' } } },
      ],
    });
  });

  it('of a shared database go to operators in one message, and to a tenant about its share alone', () => {
    const cause = { code: 'tenant-folder-missing', facts: { tenants: ['acme', 'globex'], count: 2 } } as const;
    const host = failedCopy({ tenant: 'shared:pool-1', copy: { ...failedCopy().copy, state: 'complete', cause } });
    const [toOperators, ...others] = composeCopyMessages('shared:pool-1', [host], context);
    expect(others).toEqual([]);
    expect(toOperators?.subject).toBe('WARNING shared:pool-1: 1 S3 copy missing tenants (orders)');
    expect(toOperators?.texts.email.replace(/\s+/g, ' ')).toContain(
      'holds nothing of 2 tenants where their data should be: acme, globex;',
    );
    expect(toOperators?.texts.body).toMatchObject({ copies: [{ state: 'complete', cause: { facts: { count: 2 } } }] });

    const folder = { code: 'tenant-folder-missing', facts: { folder: 'acme/' } } as const;
    const database = shareKey(host.database, 'acme');
    const copy = { ...host.copy, state: 'incomplete', cause: folder } as const;
    const [toTenant, ...noOthers] = composeCopyMessages('acme', [{ ...host, tenant: 'acme', database, copy }], context);
    expect(noOthers).toEqual([]);
    expect(toTenant?.attributes).toEqual({
      tenant: 'acme',
      severity: 'warning',
      kind: 'copy-failed',
      audience: 'tenant',
    });
    expect(toTenant?.subject).toBe('WARNING acme: 1 S3 copy incomplete (orders)');
    expect(toTenant?.texts.email.replace(/\s+/g, ' ')).toContain('holds nothing in acme/, where the data should be');
    expect(toTenant?.texts.body).toMatchObject({ copies: [{ key: database, cause: { facts: { folder: 'acme/' } } }] });
    expect(everything(toTenant as OutgoingMessage)).not.toMatch(/globex|shared:/);
  });

  it('of a tenant and of nobody go to whom they concern', () => {
    const audiences = (tenant?: string) =>
      composeCopyMessages(tenant, [failedCopy()], context).map(({ attributes }) => attributes.audience);
    expect(audiences('acme')).toEqual(['tenant', 'operators']);
    expect(audiences()).toEqual(['operators']);
  });

  it('of a later version are announced in its own words', () => {
    const later = { state: 'melted', mode: 'mirror', cause: { code: 'moon-phase', facts: { phase: 'new' } } };
    const copy = { ...failedCopy().copy, ...later } as unknown as Backup['copy'];
    const { subject, texts } = composeCopyFailed('acme', [failedCopy({ copy })], 'operators', context);
    expect(subject).toBe('WARNING acme: 1 S3 copy melted (orders)');
    expect(texts.email).toContain('moon-phase');
    expect(texts.body).toMatchObject({ copies: [{ mode: 'mirror', cause: { code: 'moon-phase', facts: {} } }] });
  });
});

describe('links', () => {
  const database = { key: '1/eu-west-1/db-A', id: 'orders', kind: 'cluster' } as const;

  it('go to the console of the partition', () => {
    const host = (region: string) => new URL(databaseLink({ ...database, key: `1/${region}/db-A` })).host;
    expect(host('eu-west-1')).toBe('eu-west-1.console.aws.amazon.com');
    expect(host('cn-north-1')).toBe('cn-north-1.console.amazonaws.cn');
    expect(host('us-gov-west-1')).toBe('us-gov-west-1.console.amazonaws-us-gov.com');
    expect(host('eusc-de-east-1')).toBe('eusc-de-east-1.console.amazonaws-eusc.eu');
  });

  it('escape what stands in them', () => {
    expect(databaseLink({ ...database, id: 'a b#c' })).toContain('id=a%20b%23c;is-cluster=true');
    expect(objectLink('eu-west-1', 'bucket', 'alerts/a b.txt')).toBe(
      'https://eu-west-1.console.aws.amazon.com/s3/object/bucket?region=eu-west-1&prefix=alerts%2Fa%20b.txt',
    );
  });

  it('replace a section that the runbook address already names', () => {
    expect(runbookLink('https://example.com/r.md#top', 'copy-failed')).toBe('https://example.com/r.md#copy-failed');
  });
});

it('the full list has one aligned line a database', () => {
  const twoLines = { code: 'excluded-by-tag', facts: { reason: 'two\nlines' } } as const;
  const lines = fullListOf(
    [entry({ cause: twoLines, verdict: 'excluded' }), entry({ databaseId: 'a-longer-name', severity: 'warning' })],
    { ...context, audience: 'operators' },
  )
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[1]).toContain('two lines');
  expect(new Set(lines.map((line) => line.search(/reason|Excluded|The newest/))).size).toBe(1);
});

describe('nothing from outside breaks a message', () => {
  const text = fc.string({ unit: 'binary', maxLength: 3_000 });
  const hostile = fc.oneof(
    text,
    fc.constantFrom(
      '"\\"'.repeat(2_000),
      '😀'.repeat(3_000),
      '\u0000\r\n'.repeat(500),
      '\ud800'.repeat(900),
      '\u202e</br>',
    ),
  );
  // JSON has no negative zero.
  const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));
  const facts = fc.dictionary(hostile, fc.oneof(hostile, json), { maxKeys: 4 });
  const cause: fc.Arbitrary<Cause> = fc.oneof(
    fc.record({ code: fc.constant('excluded-by-tag' as const), facts: fc.record({ reason: hostile }) }),
    fc.record({
      code: fc.constant('rds-not-answering' as const),
      facts: fc.record({ error: hostile, since: fc.constant('2026-11-22T05:00:00.000Z') }),
    }),
    // Of a later version, or of a code that we know with facts that we do not.
    fc.record({
      code: fc.oneof(hostile, fc.constantFrom('stopped', 'renamed-to', 'replica-of')),
      facts,
    }) as fc.Arbitrary<Cause & LaterCause>,
  );
  const entries: fc.Arbitrary<AlertEntry> = fc
    .record({
      databaseId: hostile,
      tenant: hostile,
      cause: fc.option(cause),
      notes: fc.array(cause, { maxLength: 12 }),
      snapshot: hostile,
      engine: hostile,
      severity: fc.oneof(fc.constantFrom<Severity>(...severities), hostile as fc.Arbitrary<Unrecognized>),
      verdict: fc.oneof(fc.constantFrom<VerdictName>(...verdictNames), hostile as fc.Arbitrary<Unrecognized>),
      resolution: cause as fc.Arbitrary<LaterCause>,
    })
    .map(({ snapshot, engine, ...changes }) => ({
      engine,
      step: 'open',
      alert: alert({ ...changes, resolved: now, newestBackup: newestBackup('2026-11-20T00:00:00Z', snapshot) }),
    }));

  function holds(message: OutgoingMessage): void {
    expect(message.subject).toMatch(/^[\x20-\x7e]{1,99}$/);
    expect(message.texts.email).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(isGsm7(message.texts.sms)).toBe(true);
    expect(gsm7Length(message.texts.sms)).toBeLessThanOrEqual(160);
    const { title, description, nextSteps } = message.texts.chat.content;
    expect(title.length).toBeLessThanOrEqual(750);
    expect(description.length).toBeLessThanOrEqual(8_000);
    for (const step of nextSteps) expect(step).not.toContain('\n');
    expect(messageBytes(message)).toBeLessThanOrEqual(maxMessageBytes);
    const sent = JSON.parse(publishInput(message, 'arn').Message ?? '') as Record<string, string>;
    expect(Object.keys(sent)).toEqual(Object.values(channels).map(({ key }) => key));
    expect(JSON.parse(sent.https ?? '')).toEqual(message.texts.chat);
    expect(JSON.parse(sent.default ?? '')).toEqual(message.texts.body);
  }

  it('of alerts', () => {
    fc.assert(
      fc.property(
        fc.array(entries, { minLength: 1, maxLength: 5 }),
        fc.constantFrom<AlertStep>('open', 'resolve'),
        (list, step) => {
          const stepped = list.map((one) => ({ ...one, step }));
          holds(composeAlerts(stepped, 'operators', context));
          holds(composeManyTenants(stepped, context));
          holds(composeDailyDigest({ ...quietDay, alerts: stepped }, context));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of a fleet of 10,000 with the longest texts', () => {
    const long = '"\\😀'.repeat(1_000);
    const words = laterCause(Object.fromEntries(Array.from({ length: 3 }, (_, index) => [`${index}${long}`, long])));
    const fleet = Array.from({ length: 10_000 }, (_, index) => {
      const names = { databaseId: `${long}${index}`, tenant: `${long}${index}` };
      const notes = Array.from({ length: 4 }, () => words);
      return entry({ ...names, cause: words, notes, resolved: now, resolution: words }, 'open', long);
    });
    holds(composeAlerts(fleet, 'operators', context));
    holds(composeManyTenants(fleet, context));
    const names = Array.from({ length: 10_000 }, () => long);
    holds(
      composeDailyDigest(
        {
          ...quietDay,
          alerts: fleet,
          unconfigured: names,
          errors: names,
          eventsMissed: 10_000,
          missed: names.map((name) => ({ databaseId: name, snapshotId: name })),
          tagChanges: names.map((name) => tagChange(name, { code: 'excluded', reason: name }, name)),
        },
        context,
      ),
    );
    const { copy } = failedCopy();
    const copies = Array.from({ length: 10_000 }, () =>
      failedCopy({
        id: long,
        arn: long,
        databaseId: long,
        copy: { ...copy, cause: laterCause({ said: long }) as never, bucket: long, prefix: long },
      }),
    );
    holds(composeCopyFailed(long, copies, 'operators', context));
  });
});
