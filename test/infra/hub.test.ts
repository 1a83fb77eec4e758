/** What a hub has beside the stack of a single environment. */
import { describe, expect, it } from 'vitest';
import { type FunctionName, functionNames, hubRoleName, spokeRoleName, spokeRoles } from '../../shared/contract.ts';
import { roleArn } from '../../shared/domain/index.ts';
import { configured, list, plain, type Statement, synthesize, withoutHashes } from './synthesized.ts';

const hub = { account: '123456789012', region: 'eu-west-1' };
const us = { account: '222222222222', region: 'us-east-1' };
const quiet = { account: '333333333333', region: 'ap-east-2' };
const elsewhere = { account: hub.account, region: 'eu-central-1' };
const environments = [
  { account: us.account, regions: [us.region, 'eu-west-1'] },
  { account: quiet.account, regions: [quiet.region], events: false },
  { account: elsewhere.account, regions: [elsewhere.region] },
];
const databases = [
  { id: 'orders', kind: 'instance' },
  { id: 'shop', kind: 'instance', ...us },
];
const stack = synthesize(configured(databases, { environments }));
const alone = configured([{ id: 'orders', kind: 'instance' }]);

const busPolicy = (of: typeof stack) => of.one('AWS::Events::EventBusPolicy').Properties.Statement as Statement;
const assumed = (of: typeof stack, role: string) =>
  of.rights(role).flatMap((right) => (right.startsWith('sts:AssumeRole on ') ? right.slice(18) : []));
const functionRoles = {
  record: 'RecordEventsRecordRole',
  sweep: 'SweepDatabasesSweepRole',
  copy: 'CopyBackupsCopyRole',
} as const satisfies Record<FunctionName, string>;

describe('without other environments', () => {
  it('there is no bus, and no role to assume', () => {
    const single = synthesize(alone);
    expect(Object.values(single.template.Resources).filter(({ Type }) => /EventBus/.test(Type))).toEqual([]);
    for (const role of Object.values(functionRoles)) expect(assumed(single, role)).toEqual([]);
  });

  it('a name of its own account changes nothing but what the functions carry', () => {
    const named = configured([{ id: 'orders', kind: 'instance' }], {
      environments: [{ account: hub.account, name: 'Production', regions: [hub.region] }],
    });
    const withoutAssets = ({ template }: ReturnType<typeof synthesize>) =>
      JSON.parse(JSON.stringify(template).replaceAll(/"S3Key":"\w{64}\.zip"/g, '"S3Key":""'));
    expect(withoutAssets(synthesize(named))).toEqual(withoutAssets(synthesize(alone)));
  });
});

describe('the bus', () => {
  it('takes events of RDS and AWS Backup from the forwarding roles of the accounts that forward, and nothing else', () => {
    expect(JSON.parse(withoutHashes(JSON.stringify(busPolicy(stack))))).toEqual({
      Sid: 'cdk-Spokes',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: 'events:PutEvents',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Bus/), 'Arn'] },
      Condition: {
        StringEquals: { 'aws:PrincipalAccount': [us.account, elsewhere.account] },
        ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/RdsBackupLedger-forward-*' },
        'ForAllValues:StringEquals': { 'events:source': ['aws.rds', 'aws.backup'] },
        Null: { 'events:source': 'false' },
      },
    });
    expect(stack.one('AWS::Events::EventBus').Properties.Name).toBe('RdsBackupLedger');
  });

  it('takes them from any account of an organization, where one is configured', () => {
    const whole = synthesize(configured(databases, { environments, organization: 'o-abcdefghij' }));
    expect(busPolicy(whole).Condition).toMatchObject({
      StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' },
      ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/RdsBackupLedger-forward-*' },
    });
    expect(JSON.stringify(busPolicy(whole))).not.toContain(us.account);
  });

  it('knows forwarding roles by a name that no other role of ours has', () => {
    const name = /^RdsBackupLedger-forward-.*$/;
    const others = [
      ...functionNames.map((fn) => hubRoleName(fn, us.region)),
      ...spokeRoles.filter((role) => role !== 'forward').map((role) => spokeRoleName(role, us.region)),
    ];
    expect(others.filter((other) => name.test(other))).toEqual([]);
    expect(spokeRoleName('forward', us.region)).toMatch(name);
  });

  it('is not made where no environment forwards', () => {
    const none = synthesize(
      configured([], { environments: [{ account: quiet.account, regions: [quiet.region], events: false }] }),
    );
    expect(Object.values(none.template.Resources).filter(({ Type }) => /EventBus/.test(Type))).toEqual([]);
    expect(assumed(none, functionRoles.sweep)).toEqual([roleArn(quiet, spokeRoleName('reader', quiet.region))]);
  });
});

describe('rules', () => {
  const rules = stack.all('AWS::Events::Rule').map(([, { Properties }]) => Properties);
  const forwarded = rules.filter(({ EventBusName }) => EventBusName !== undefined);
  const own = rules.filter(({ EventBusName }) => EventBusName === undefined);
  const targetsOf = ({ Targets }: (typeof rules)[number]) => list<{ Arn: unknown; DeadLetterConfig: unknown }>(Targets);

  it('of the bus match what those of the default bus do, of whatever account', () => {
    expect(forwarded).toHaveLength(4);
    expect(forwarded.map(({ EventPattern }) => ({ ...EventPattern, account: [hub.account] }))).toEqual(
      expect.arrayContaining(own.map(({ EventPattern }) => EventPattern)),
    );
    for (const { EventPattern } of forwarded) expect(EventPattern).not.toHaveProperty('account');
    for (const { EventPattern } of own) expect(EventPattern.account).toEqual([hub.account]);
  });

  it('of the bus have the targets and the dead letters of those of the default bus', () => {
    const ends = (some: typeof rules) =>
      some
        .flatMap((rule) => targetsOf(rule).map(({ Arn, DeadLetterConfig }) => JSON.stringify([Arn, DeadLetterConfig])))
        .sort();
    expect(ends(forwarded)).toEqual(ends(own));
  });

  it('may all send to the queues and call the function', () => {
    const senders = JSON.stringify(stack.all('AWS::SQS::QueuePolicy'));
    const callers = JSON.stringify(stack.all('AWS::Lambda::Permission'));
    for (const [id, { Properties }] of stack.all('AWS::Events::Rule')) {
      expect(plain(targetsOf(Properties)[0]?.Arn).startsWith('CopyBackups') ? callers : senders).toContain(id);
      expect(senders).toContain(id);
    }
  });
});

describe('functions assume roles of the listed environments, and no others', () => {
  const readers = [elsewhere, { ...us, region: 'eu-west-1' }, us, quiet].map((environment) =>
    roleArn(environment, spokeRoleName('reader', environment.region)),
  );

  it.each(['record', 'sweep'] as const)('%s: those to read with', (fn) => {
    expect(assumed(stack, functionRoles[fn]).sort()).toEqual(readers.toSorted());
  });

  it('copy: those to copy with, where copies are wanted', () => {
    const copiers = [roleArn(us, spokeRoleName('copier', us.region))];
    expect(assumed(stack, functionRoles.copy)).toEqual(copiers);
  });
});

describe('copies of other environments', () => {
  it('take no bucket of the hub, and no right of its roles', () => {
    const text = JSON.stringify(stack.template.Resources);
    expect(text).toContain('rds-backup-ledger-orders-123456789012-eu-west-1');
    expect(text).not.toContain('rds-backup-ledger-shop');
    expect(JSON.stringify(stack.statements('CopyBackupsExportRole'))).not.toContain(us.account);
  });

  it('ring the alarms of the hub, even where it copies nothing itself', () => {
    const only = synthesize(configured([{ id: 'shop', kind: 'instance', ...us }], { environments }));
    const names = only.all('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties.AlarmName);
    expect(names).toContain('RdsBackupLedger-copies-failed');
  });
});
