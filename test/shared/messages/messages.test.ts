import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeAlerts, type Entry, fullListOf } from '../../../shared/messages/alerts.ts';
import { composeCopyFailed } from '../../../shared/messages/copy-failed.ts';
import { composeDailyDigest, composeManyTenants, type DailyFacts } from '../../../shared/messages/digest.ts';
import { databaseLink, objectLink, runbookLink } from '../../../shared/messages/links.ts';
import {
  type Message,
  maxMessageBytes,
  messageBytes,
  operatorFilter,
  publishInput,
  tenantFilter,
} from '../../../shared/messages/message.ts';
import { gsm7Length, isGsm7 } from '../../../shared/messages/safe.ts';
import type { AlertStep, Severity, VerdictName } from '../../../shared/model.ts';
import { alert, context, entry, failedCopy, now } from './given.ts';

const quietDay: DailyFacts = {
  counts: { protected: 240 },
  alerts: [],
  unconfigured: [],
  newExclusions: [],
  eventsMissed: 0,
  missed: [],
  copies: { complete: 12, queued: 0, running: 0, failed: 0 },
  errors: [],
};

const restored = {
  resolved: now,
  outcome: 'protected',
  resolution: 'The newest backup is from 2026-11-23 05:50 UTC, 10 min old.',
  newestBackup: { arn: 'arn', id: 'orders-by-hand', time: new Date('2026-11-23T05:50:00Z') },
} as const;

describe('the subject', () => {
  const cases: [name: string, entries: Entry[], subject: string][] = [
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
    [
      'does not call a deletion resolved',
      [entry({ resolved: now, outcome: 'deleted' }, 'resolve')],
      'CLOSED acme: 1 database deleted (orders)',
    ],
    [
      'does not call leaving the configuration protected',
      [entry({ resolved: now, resolution: 'no longer configured' }, 'resolve')],
      'CLOSED acme: 1 database no longer alerted (orders)',
    ],
    [
      'tells a deletion that had no alert',
      [entry({ verdict: 'deleted', severity: 'warning', resolved: now, outcome: 'deleted' })],
      'WARNING acme: 1 database deleted (orders)',
    ],
  ];
  it.each(cases)('%s', (_, entries, subject) => {
    expect(composeAlerts(entries, 'all', context).subject).toBe(subject);
  });
});

describe('the e-mail', () => {
  it('is complete and aligned', () => {
    expect(composeAlerts([entry()], 'all', context).texts.email).toBe(
      `acme: 1 database overdue (orders).

CRITICAL orders (postgres, instance) overdue
  Last backup    2026-11-22 03:12 UTC, 26 h 48 min ago (rds:orders-2026-11-22-03-12)
  Overdue since  2026-11-23 05:30 UTC (30 min)
  Why            The newest backup is from 2026-11-22 03:12 UTC, 26 h 48 min old; the deadline was
                 2026-11-23 05:30 UTC. Point-in-time restore is stale, too: it ends at 2026-11-22
                 03:12 UTC, 26 h 48 min ago; take a manual snapshot now and look at the database's
                 events.
  What to do     Take a snapshot now, then find out why RDS took none:
                 aws rds create-db-snapshot --region eu-west-1 --db-instance-identifier orders --db-snapshot-identifier orders-202611230600
  RDS console    https://eu-west-1.console.aws.amazon.com/rds/home?region=eu-west-1#database:id=orders;is-cluster=false
  Runbook        https://example.com/runbook.md#backup-overdue

Snooze:       npx rds-backup-ledger alert snooze orders --until 2026-11-23T08:00Z
Acknowledge:  npx rds-backup-ledger alert ack orders --note "<what you do>"
Run in a clone of rds-backup-ledger, with the account's credentials; each takes one database.

Times are UTC. Told 2026-11-23 06:00 UTC by rds-backup-ledger, account 123456789012, eu-west-1.`,
    );
  });

  it('lists the worst first: by severity, then no backup at all, then the oldest', () => {
    const { newestBackup: _, ...never } = alert({ databaseId: 'never', verdict: 'never' });
    const older = { arn: 'a', id: 's', time: new Date('2026-11-20T00:00:00Z') };
    const entries: Entry[] = [
      entry({ databaseId: 'warned', severity: 'warning' }),
      entry({ databaseId: 'young' }),
      entry({ databaseId: 'older', newestBackup: older }),
      { alert: never, step: 'open' },
    ];
    const { email } = composeAlerts(entries, 'all', context).texts;
    const order = [...email.matchAll(/^(?:CRITICAL|WARNING) (\S+)/gm)].map(([, name]) => name);
    expect(order).toEqual(['never', 'older', 'young', 'warned']);
  });

  it('of a resolution tells the reason and how long it lasted, and asks for nothing', () => {
    const { email } = composeAlerts([entry(restored, 'resolve')], 'all', context).texts;
    expect(email).toContain('Resolved       The newest backup is from 2026-11-23 05:50 UTC');
    expect(email).toContain('open since 2026-11-23 05:31 UTC, for 29 min');
    expect(email).not.toMatch(/snooze|What to do/);
  });

  it('gives a cluster the command for clusters, and an odd name none', () => {
    const cluster = composeAlerts([entry({ databaseKind: 'cluster' })], 'all', context).texts.email;
    expect(cluster).toContain('create-db-cluster-snapshot --region eu-west-1 --db-cluster-identifier orders');
    const odd = composeAlerts([entry({ databaseId: 'x; rm -rf /' })], 'all', context).texts.email;
    expect(odd).not.toContain('aws rds');
  });

  it('asks for no snapshot that RDS would refuse: a stopped one is to be started, another made available', () => {
    const stopped = composeAlerts([entry({ status: 'stopped' })], 'all', context).texts;
    expect(stopped.email).toContain('start it and take one, or exclude it:');
    expect(stopped.email).toContain('aws rds start-db-instance --region eu-west-1 --db-instance-identifier orders\n');
    expect(stopped.chat.content.nextSteps[0]).toMatch(/^Start it: `aws rds start-db-instance /);
    const cluster = composeAlerts([entry({ status: 'stopping', databaseKind: 'cluster' })], 'all', context).texts;
    expect(cluster.email).toContain('aws rds start-db-cluster --region eu-west-1 --db-cluster-identifier orders\n');
    const full = composeAlerts([entry({ status: 'storage-full' })], 'all', context).texts;
    expect(full.email).toContain('no snapshot of it while its status is storage-full. Make it available');
    for (const { email, chat } of [stopped, cluster, full]) {
      expect(email + chat.content.nextSteps.join()).not.toContain('snapshot --region');
    }
  });

  it('names a runbook that is a path as a path, and links one that is a URL', () => {
    const local = composeAlerts([entry()], 'all', { ...context, runbookUrl: 'docs/runbook.md' }).texts;
    expect(local.email).toContain('Runbook        docs/runbook.md#backup-overdue\n');
    expect(local.chat.content.nextSteps).toContain('Runbook: docs/runbook.md#backup-overdue');
  });

  it('names what it leaves out, with the link to the full list', () => {
    const many = Array.from({ length: 300 }, (_, index) => entry({ databaseId: `db-${index}` }));
    const { texts } = composeAlerts(many, 'all', { ...context, fullList: 'https://list.example' });
    expect(texts.email).toContain('And 275 more. Full list: https://list.example');
    expect(texts.body).toMatchObject({ count: 300, notListed: 275, fullList: 'https://list.example' });
  });
});

describe('the SMS', () => {
  it('tells age and cause of one database', () => {
    expect(composeAlerts([entry()], 'all', context).texts.sms).toBe(
      'CRITICAL acme: 1 database overdue (orders). Last backup 2026-11-22 03:12 UTC, 26 h 48 min ago. Point-in-time restore is stale, too: it ends at 2026-11-22 03:...',
    );
  });

  it('names as many databases as fit, and how many more there are', () => {
    const many = Array.from({ length: 9 }, (_, index) => entry({ databaseId: `customer-database-${index}` }));
    expect(composeAlerts(many, 'all', context).texts.sms).toBe(
      'CRITICAL acme: 9 databases overdue. customer-database-0 26 h 48 min, customer-database-1 26 h 48 min, customer-database-2 26 h 48 min, +6 more',
    );
  });
});

describe('the chat message', () => {
  const thread = (entries: Entry[]) => composeAlerts(entries, 'all', context).texts.chat.metadata.threadId;

  it('has the form that Amazon Q Developer shows', () => {
    const { chat } = composeAlerts([entry()], 'all', context).texts;
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

  it('lets text from outside neither mention, link nor format', () => {
    const { description } = composeAlerts(
      [entry({ reason: '<!channel> [x](http://evil) *b* `c` & d' })],
      'all',
      context,
    ).texts.chat.content;
    expect(description).toContain("&lt;!channel&gt; (x)(http://evil) ∗b∗ 'c' &amp; d");
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
    const { attributes } = composeAlerts([entry({ ...restored, severity: 'warning' }, 'resolve')], 'all', context);
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

  it('of a quiet day say so', () => {
    const { subject, attributes } = composeDailyDigest(quietDay, context);
    expect(subject).toBe('All 240 databases protected');
    expect(attributes).toEqual({ tenant: '*', severity: 'info', kind: 'digest', audience: 'operators' });
  });

  it('of a bad day count what is not protected', () => {
    const { subject, texts } = composeDailyDigest(
      {
        ...quietDay,
        counts: { protected: 238, overdue: 1, unknown: 1, excluded: 3 },
        alerts: [entry(), entry({ verdict: 'unknown', severity: 'warning', databaseId: 'crm' })],
        unconfigured: ['playground'],
        newExclusions: [{ tenant: 'acme', databaseId: 'tmp', reason: 'gone next week' }],
        eventsMissed: 1,
        missed: [{ databaseId: 'orders', snapshotId: 'rds:orders-1' }],
        copies: { complete: 1, queued: 2, running: 5, failed: 3, oldestQueuedHours: 2.5 },
        errors: ['describe failed'],
        reportUrl: 'https://report.example',
      },
      context,
    );
    expect(subject).toBe('CRITICAL 2 of 240 databases not protected');
    for (const part of [
      '238 protected, 1 overdue, 1 unknown, 3 excluded',
      '1 complete and 3 failed; now 5 running, 2 waiting (oldest 2 h 30 min)',
      '1 database in RDS and not configured\n  playground',
      '1 database newly excluded by tag\n  tmp (acme): gone next week',
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
  it('are told with cause and target, and as no missing backup', () => {
    const { subject, texts, attributes } = composeCopyFailed('acme', [failedCopy()], context);
    expect(subject).toBe('WARNING acme: 1 S3 copy failed (orders)');
    expect(texts.email).toContain('The backups themselves are in RDS and count');
    expect(texts.email).toContain('s3://acme-orders-backups/orders');
    expect(texts.email).toContain('give it s3:PutObject*.');
    expect(attributes).toEqual({ tenant: 'acme', severity: 'warning', kind: 'copy-failed', audience: 'all' });
  });

  it('are called stuck while they still run', () => {
    const running = failedCopy({ copy: { ...failedCopy().copy, state: 'running' } });
    expect(composeCopyFailed('acme', [running], context).subject).toBe('WARNING acme: 1 S3 copy stuck (orders)');
  });

  it('of databases without a tenant go to operators', () => {
    expect(composeCopyFailed(undefined, [failedCopy()], context).attributes).toMatchObject({
      tenant: '*',
      audience: 'operators',
    });
  });
});

describe('links', () => {
  const database = { key: '1/eu-west-1/db-A', id: 'orders', kind: 'cluster' } as const;

  it('go to the console of the partition', () => {
    const host = (region: string) => new URL(databaseLink({ ...database, key: `1/${region}/db-A` })).host;
    expect(host('eu-west-1')).toBe('eu-west-1.console.aws.amazon.com');
    expect(host('cn-north-1')).toBe('cn-north-1.console.amazonaws.cn');
    expect(host('us-gov-west-1')).toBe('us-gov-west-1.console.amazonaws-us-gov.com');
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
  const lines = fullListOf(
    [entry({ reason: 'two\nlines' }), entry({ databaseId: 'a-longer-name', severity: 'warning' })],
    now,
  )
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(3);
  expect(new Set(lines.map((line) => line.search(/reason|two lines|The newest/))).size).toBe(1);
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
  const entries: fc.Arbitrary<Entry> = fc
    .record({
      databaseId: hostile,
      tenant: hostile,
      reason: hostile,
      snapshot: hostile,
      engine: hostile,
      severity: fc.constantFrom<Severity>('critical', 'warning'),
      verdict: fc.constantFrom<VerdictName>(
        'overdue',
        'never',
        'disabled',
        'missing',
        'deleted',
        'unknown',
        'protected',
      ),
    })
    .map(({ snapshot, engine, ...facts }) => ({
      engine,
      step: 'open',
      alert: alert({ ...facts, newestBackup: { arn: snapshot, id: snapshot, time: new Date('2026-11-20T00:00:00Z') } }),
    }));

  function holds(message: Message): void {
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
    expect(Object.keys(sent).sort()).toEqual(['default', 'email', 'https', 'sms']);
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
          holds(composeAlerts(stepped, 'all', context));
          holds(composeManyTenants(stepped, context));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of a fleet of 10,000 with the longest texts', () => {
    const long = '"\\😀'.repeat(1_000);
    const fleet = Array.from({ length: 10_000 }, (_, index) =>
      entry({ databaseId: `${long}${index}`, tenant: `${long}${index}`, reason: long, resolution: long }, 'open', long),
    );
    holds(composeAlerts(fleet, 'all', context));
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
          newExclusions: names.map((name) => ({ tenant: name, databaseId: name, reason: name })),
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
        copy: { ...copy, reason: long, bucket: long, prefix: long },
      }),
    );
    holds(composeCopyFailed(long, copies, context));
  });
});
