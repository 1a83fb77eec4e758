/** Messages of a fleet in several accounts and Regions. */
import { describe, expect, it } from 'vitest';
import type { CopyPause } from '../../../shared/domain/index.ts';
import { fullListOf } from '../../../shared/notifications/compose/full-list.ts';
import { tagChangeList } from '../../../shared/notifications/compose/tag-facts.ts';
import {
  composeAlerts,
  composeCopiesPaused,
  composeCopyFailed,
  composeDailyDigest,
  composeLeftOut,
  composeManyTenants,
} from '../../../shared/notifications/messages.ts';
import { entry, failedCopy, context as oneEnvironment, restored, tagChange } from './given.ts';

const hub = { account: '123456789012', region: 'eu-west-1' };
const spoke = { account: '222222222222', region: 'us-east-1', accountName: 'Acme production' };
const nameless = { account: '333333333333', region: 'ap-southeast-2' };

const context = { ...oneEnvironment, environments: [hub, spoke, nameless] };

const database = `${spoke.account}/${spoke.region}/db-ORDERS`;
const atHub = `${hub.account}/${hub.region}/db-ORDERS`;
const atNameless = `${nameless.account}/${nameless.region}/db-ORDERS`;

/** An alert that asks for a snapshot. */
const wanted = { database, verdict: 'never' } as const;

function operators(...entries: Parameters<typeof composeAlerts>[0]) {
  return composeAlerts(entries, 'operators', context).texts;
}

describe('beside a database stand its account and Region', () => {
  it('in e-mail: by the account’s name, with the id that the console link needs', () => {
    const { email } = operators(entry({ ...wanted }));
    expect(email).toContain('1 database never backed up (orders, Acme production, us-east-1).');
    expect(email).toContain('CRITICAL orders (postgres, instance, Acme production, us-east-1) never backed up');
    expect(email).toMatch(
      /RDS console +https:\/\/us-east-1\.console\.aws\.amazon\.com\/\S+\n +Sign in to Acme production \(222222222222\), us-east-1 first\.\n/,
    );
    expect(email).toMatch(/Sent .* by rds-backup-ledger, account 123456789012, eu-west-1\.$/);
  });

  it('by its id, where an account has no name', () => {
    const { email } = operators(entry({ ...wanted, database: atNameless }));
    expect(email).toContain('CRITICAL orders (postgres, instance, 333333333333, ap-southeast-2) never backed up');
    expect(email).toContain('Sign in to account 333333333333, ap-southeast-2 first.');
  });

  it('in the ledger’s own environment too, where nobody has to sign in elsewhere', () => {
    const { email } = operators(entry({ ...wanted, database: atHub }));
    expect(email).toContain('CRITICAL orders (postgres, instance, 123456789012, eu-west-1) never backed up');
    expect(email).not.toMatch(/Sign in|--profile/);
  });

  it('in commands: Region and profile of AWS’s, account and Region of ours', () => {
    const { email, chat } = operators(entry({ ...wanted }));
    const snapshot =
      /aws rds create-db-snapshot --region us-east-1 --profile "<profile for account 222222222222>" --db-/;
    expect(email).toMatch(snapshot);
    expect(chat.content.nextSteps[0]).toContain('--profile "&lt;profile for account 222222222222&gt;"');
    expect(email).toContain('alert snooze orders --account 222222222222 --region us-east-1 --until ');
    expect(email).toContain('alert ack orders --account 222222222222 --region us-east-1 --note ');
    const stopped = operators(entry({ ...wanted, status: 'stopped' })).email;
    expect(stopped).toMatch(
      /aws rds start-db-instance --region us-east-1 --profile "<profile for account 222222222222>" --db-/,
    );
  });

  it('in chat and SMS', () => {
    const { chat, sms } = operators(entry({ ...wanted }));
    expect(chat.content.description).toContain('(postgres, instance, Acme production, us-east-1)');
    expect(sms).toContain('(orders, Acme production, us-east-1)');
    const two = operators(entry({ ...wanted }), entry({ ...wanted, database: atNameless }));
    expect(two.sms).toContain('orders (333333333333, ap-southeast-2) ');
    expect(two.sms.length).toBeLessThanOrEqual(160);
  });

  it('where it is protected again', () => {
    const { email } = operators(entry({ database, ...restored }, 'resolve'));
    expect(email).toContain('RESOLVED orders (postgres, instance, Acme production, us-east-1) protected again');
    expect(email).toContain('Sign in to Acme production (222222222222), us-east-1 first.');
  });

  it('in the full list, in columns of their own', () => {
    const list = fullListOf([entry({ database })], { ...context, audience: 'operators' });
    expect(list).toMatch(/^severity +step +tenant +database +account +Region +kind /);
    expect(list).toMatch(/ orders +Acme production +us-east-1 +instance /);
  });

  it('in a digest of many tenants', () => {
    const { email, sms, chat } = composeManyTenants([entry({ database }), entry({ database: atHub })], context).texts;
    expect(email).toMatch(/severity +tenant +database +account +Region +engine/);
    expect(email).toMatch(/critical +acme +orders +Acme production +us-east-1 +postgres/);
    expect(chat.content.description).toContain('*orders* (Acme production, us-east-1) overdue');
    expect(sms).toContain('acme/orders (');
  });

  it('beside what tags changed', () => {
    const change = { ...tagChange('crm', { code: 'excluded', reason: 'test' }), database };
    const facts = {
      counts: { protected: 1 },
      alerts: [],
      unconfigured: [],
      unwatchedTenants: [],
      tagChanges: [change],
      eventsMissed: 0,
      missed: [],
      copies: { complete: 0, queued: 0, running: 0, failed: 0 },
      errors: [],
    };
    const { email, body } = composeDailyDigest(facts, context).texts;
    expect(email).toContain('crm (acme, Acme production, us-east-1): excluded');
    expect(tagChangeList([change], context)).toContain('crm (acme, Acme production, us-east-1): excluded');
    expect(body).toMatchObject({
      newExclusions: [{ database: 'crm', account: '222222222222', region: 'us-east-1' }],
      tagChanges: { changes: [{ database: 'crm', account: '222222222222', region: 'us-east-1' }] },
    });
  });

  it('beside a failed copy', () => {
    const { email, chat } = composeCopyFailed('acme', [failedCopy({ database })], 'operators', context).texts;
    expect(email).toContain('1 S3 copy failed (orders, Acme production, us-east-1).');
    expect(email).toMatch(/COPY FAILED orders \(\w+, instance, Acme production, us-east-1\)/);
    expect(email).toContain('Sign in to Acme production (222222222222), us-east-1 first.');
    expect(chat.content.description).toContain('*orders* (Acme production, us-east-1), backup of');
  });

  it('beside what a run left out', () => {
    const leftOut = { text: 'its row is broken', database: { key: database, kind: 'instance', id: 'orders' } } as const;
    const { email, body } = composeLeftOut([leftOut, { text: 'a day' }], context).texts;
    expect(email).toContain('INSTANCE orders (Acme production, us-east-1)');
    expect(body).toMatchObject({
      leftOut: [
        { database: 'orders', account: '222222222222', region: 'us-east-1' },
        { database: null, account: null, region: null },
      ],
    });
  });

  it('beside copies that wait', () => {
    const pause: CopyPause = {
      environment: '222222222222/us-east-1',
      kind: 'bucket',
      name: 'exports',
      cause: { code: 'bucket-missing', facts: { bucket: 'exports', region: 'us-east-1' } },
      failures: [],
    };
    const { email, body } = composeCopiesPaused({ pause, waiting: 2 }, context).texts;
    expect(email).toContain('copies are paused: bucket exports, Acme production, us-east-1.');
    expect(body).toMatchObject({ account: '222222222222', pauses: [{ account: '222222222222', region: 'us-east-1' }] });
  });
});

describe('the header names', () => {
  const headerOf = (entries: Parameters<typeof composeAlerts>[0], audience: 'tenant' | 'operators' = 'operators') =>
    composeAlerts(entries, audience, context).texts.body;

  it('the environment of the databases, where they are in one', () => {
    expect(headerOf([entry({ database })])).toMatchObject({ account: '222222222222', region: 'us-east-1' });
  });

  it('that of the ledger, where they are in several; each entry has its own', () => {
    expect(headerOf([entry({ database }), entry({ database: atNameless })])).toMatchObject({
      ...hub,
      databases: [
        { database: 'orders', account: '222222222222', region: 'us-east-1' },
        { database: 'orders', account: '333333333333', region: 'ap-southeast-2' },
      ],
    });
  });

  it('never that of the ledger to a tenant', () => {
    expect(headerOf([entry({ database }), entry({ database: atNameless })], 'tenant')).toMatchObject({
      account: '222222222222',
    });
  });
});

describe('a tenant’s recipients', () => {
  const everything = JSON.stringify([
    composeAlerts([entry({ ...wanted }), entry({ ...wanted, database: atNameless })], 'tenant', context).texts,
    composeAlerts([entry({ ...wanted })], 'tenant', context).texts,
    composeAlerts([entry({ database, ...restored }, 'resolve')], 'tenant', context).texts,
    composeCopyFailed('acme', [failedCopy({ database, arn: 'arn' })], 'tenant', context).texts,
    fullListOf([entry({ database })], { ...context, audience: 'tenant' }),
  ]);

  it('read nothing of the operators’ accounts, of their ledger’s place or of profiles', () => {
    expect(everything).not.toMatch(/Acme production|123456789012|eu-west-1|profile|Sign in/);
  });

  it('tell two databases of one name apart by the Region', () => {
    const two = [entry({ ...wanted }), entry({ ...wanted, database: atNameless })];
    const { email } = composeAlerts(two, 'tenant', context).texts;
    expect(email).toContain('CRITICAL orders (postgres, instance, us-east-1)');
    expect(email).toContain('CRITICAL orders (postgres, instance, ap-southeast-2)');
    expect(fullListOf(two, { ...context, audience: 'tenant' })).toMatch(/ database +Region +kind /);
  });
});

it('with one environment nothing of all this is said', () => {
  const { email, sms, chat } = composeAlerts(
    [entry({ ...wanted, database: atHub })],
    'operators',
    oneEnvironment,
  ).texts;
  for (const text of [email, chat.content.description]) expect(text).toContain('orders');
  expect(email).toContain('CRITICAL orders (postgres, instance) never backed up');
  expect(email).not.toMatch(/--profile|--account|Sign in/);
  expect(sms).toContain('(orders)');
  expect(composeManyTenants([entry()], oneEnvironment).texts.email).not.toContain('Region');
});
