/** A hub and two spokes as they are deployed, with IAM enforced: one in another account, one in another account and Region. */
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientConfig, clientConfig, localEnvironment as hub } from '../../local/aws/local-aws.ts';
import { readTrail } from '../../local/aws/trail.ts';
import { refuseReader } from '../../local/refusal.ts';
import type { StageEnvironment } from '../../local/stage.ts';
import { type FunctionName, hubBusName, hubRoleName, spokeRoleName, spokeRoles } from '../../shared/contract.ts';
import { databaseKey, type Environment, roleArn } from '../../shared/domain/index.ts';
import { hourMs } from '../../shared/lib/time.ts';
import type { SweepReport } from '../../shared/sweep/report.ts';
import { collect } from '../support/world.ts';
import { commandLine } from './command-line.ts';
import { type Deployed, deployStack, eventually } from './deployed.ts';
import { allowedActions, unseenReason } from './roles.ts';

const near: Environment = { account: '222222222222', region: hub.region };
const far: Environment = { account: '333333333333', region: 'us-east-1' };

const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);
const clockTime = (time: Date) => time.toISOString().slice(11, 16);

let stack: Deployed;
let environments: readonly StageEnvironment[];

/** A database `orders` in each, and a cluster in the other Region; copies are wanted there alone. */
beforeAll(async () => {
  const spokes = [near, far];
  stack = await deployStack({ from: ago(50), spokes }, ({ acme, globex, operators }) => ({
    operators: [{ queue: operators }],
    discovery: {},
    environments: [
      { account: near.account, name: 'Acme production', regions: [near.region] },
      { account: far.account, regions: [far.region] },
    ],
    defaults: { copy: { mode: 'none' }, bucket: { type: 'own' } },
    tenants: [
      {
        id: 'acme',
        recipients: [{ queue: acme }],
        databases: [
          { id: 'orders', kind: 'instance' },
          { id: 'orders', kind: 'instance', ...near },
        ],
      },
      {
        id: 'globex',
        recipients: [{ queue: globex }],
        copy: { mode: 'export', schedule: 'daily' },
        ...far,
        databases: [
          { id: 'orders', kind: 'instance' },
          { id: 'ledger', kind: 'cluster' },
        ],
      },
    ],
  }));
  environments = [stack.stage, ...stack.stage.spokes];
  const like = { window: `${clockTime(ago(9))}-${clockTime(ago(8))}`, created: ago(1000) };
  for (const { rds } of environments) rds.createInstance({ id: 'orders', ...like });
  stageIn(far).rds.createCluster({ id: 'ledger', ...like });
  await advanceTo(ago(26));
  await stack.sweep({ at: ago(26).toISOString(), dryRun: false });
  stack.stage.announcing = true;
  await advanceTo(now);
});

afterAll(() => stack?.close());

async function advanceTo(time: Date): Promise<void> {
  for (const { rds } of environments) await rds.advanceTo(time);
}

function stageIn({ account, region }: Environment): StageEnvironment {
  const found = environments.find((one) => one.account === account && one.region === region);
  if (found === undefined) throw new Error(`the stage has no ${account}/${region}`);
  return found;
}

const newestIn = async ({ account, region }: Environment, database = 'orders') => {
  const { resourceId } = stageIn({ account, region }).rds.find(database);
  return (await collect(stack.ledger.backupsOfDatabase(databaseKey({ account, region }, resourceId))))[0];
};

describe('a backup', () => {
  it.each([
    ['the hub', hub],
    ['another account', near],
    ['another account and Region', far],
  ])('in %s is recorded by its event, under the key of its database there', async (_, environment) => {
    const row = await eventually('its row', async () => {
      const newest = await newestIn(environment);
      return newest?.learnedFrom === 'event' && newest;
    });
    expect(row).toMatchObject({ databaseId: 'orders', event: { id: expect.any(String) } });
    expect(row.arn).toContain(`:rds:${environment.region}:${environment.account}:snapshot:`);
  });

  it('in a spoke is exported to the bucket there, with the role and the key there', async () => {
    const { rds, client } = stageIn(far);
    const copies = await eventually('the copies', async () => {
      await advanceTo(new Date());
      const newest = await Promise.all(['orders', 'ledger'].map((database) => newestIn(far, database)));
      return newest.every((row) => row?.copy.state === 'complete') && newest;
    });
    const { account, region } = far;
    const s3 = new S3Client({ ...client, forcePathStyle: true });
    for (const [index, name] of ['orders', 'ledger--cluster'].entries()) {
      const { bucket, prefix, taskId, objects, bytes } = copies[index]?.copy ?? {};
      expect(bucket).toBe(`rds-backup-ledger-${name}-${account}-${region}`);
      expect(rds.exportTasks().find(({ ExportTaskIdentifier }) => ExportTaskIdentifier === taskId)).toMatchObject({
        Status: 'COMPLETE',
        S3Bucket: bucket,
        IamRoleArn: roleArn(far, spokeRoleName('export', region)),
        KmsKeyId: `arn:aws:kms:${region}:${account}:alias/rds-backup-ledger`,
      });
      const { Contents = [] } = await s3.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/${taskId}/` }),
      );
      expect(Contents.length).toBeGreaterThan(0);
      expect({ objects, bytes }).toEqual({
        objects: Contents.length,
        bytes: Contents.reduce((sum, { Size = 0 }) => sum + Size, 0),
      });
    }
    const others = await Promise.all([hub, near].map((environment) => newestIn(environment)));
    expect(others.map((row) => row?.copy.state)).toEqual(['none', 'none']);
  });
});

describe('the sweep', () => {
  it('evaluates the databases of all three, each by what RDS shows there', async () => {
    const report = await stack.sweep();
    expect(report).toMatchObject({ complete: true, errors: [], eventsMissed: 0, counts: { protected: 4 } });
    expect(report.environments).toEqual(
      [hub, near, far].map((environment) => ({ ...environment, complete: true, error: null })),
    );
    expect(placesOf(report)).toEqual({
      [hub.account]: 'protected',
      [near.account]: 'protected',
      [far.account]: 'protected',
    });
  });

  it('shows both spokes as read and heard of, to whoever runs doctor', async () => {
    expect(await spokesInDoctor()).toEqual([
      [
        'ok',
        expect.stringMatching(/^Acme production \(222222222222\), eu-west-1: read by the sweep of .*, last event /),
      ],
      ['ok', expect.stringMatching(/^account 333333333333, us-east-1: read by the sweep of .*, last event /)],
    ]);
  });

  it('is refused nothing by then, and neither is any other role', async () => {
    expect((await readTrail(stack.stage.aws)).filter(({ refused }) => refused)).toEqual([]);
  });
});

async function spokesInDoctor(): Promise<[kind: string, found: string][]> {
  const { out } = await commandLine(stack.stage, 'doctor', '--json');
  const findings = JSON.parse(out) as { check: string; kind: string; found: string }[];
  return findings.filter(({ check }) => check === 'spokes').map(({ kind, found }) => [kind, found]);
}

const placesOf = ({ databases }: SweepReport) =>
  Object.fromEntries(databases.map(({ account, verdict }) => [account, verdict]));

describe('a spoke that refuses its reader role', () => {
  it('is sent to operators once, while all others are evaluated, and again once it is over', async () => {
    const { acme, globex, operators } = stack.inboxes;
    for (const inbox of Object.values(stack.inboxes)) expect(await inbox.read()).toEqual([]);

    const trustAgain = await refuseReader(stack.stage, stageIn(near), stack.outputs.SweepFunctionName ?? '');
    try {
      const refused = await stack.sweep();
      expect(refused).toMatchObject({
        complete: false,
        environments: [
          { ...hub, complete: true, error: null },
          { ...near, complete: false, error: expect.stringMatching(/AccessDenied.*not authorized.*sts:AssumeRole/) },
          { ...far, complete: true, error: null },
        ],
      });
      expect(placesOf(refused)).toEqual({
        [hub.account]: 'protected',
        [near.account]: 'unknown',
        [far.account]: 'protected',
      });
      await stack.sweep();
      const [first, second] = await spokesInDoctor();
      expect(first).toEqual(['warning', expect.stringContaining('eu-west-1: cannot be read since ')]);
      expect(second?.[0]).toBe('ok');
    } finally {
      await trustAgain();
    }
    expect(await stack.sweep()).toMatchObject({ complete: true, counts: { protected: 4 } });
    await eventually('both messages', async () => {
      await operators.read();
      return operators.received.length === 2;
    });
    const kind = 'environment-trouble';
    expect(operators.received).toMatchObject([
      {
        subject: `WARNING Acme production (${near.account}), ${near.region}: cannot be read`,
        attributes: { kind, severity: 'warning', audience: 'operators' },
      },
      {
        subject: `RESOLVED Acme production (${near.account}), ${near.region}: can be read again`,
        attributes: { kind, severity: 'info', audience: 'operators' },
      },
    ]);
    for (const inbox of [acme, globex]) expect(await inbox.read()).toEqual([]);
  });
});

describe('IAM', () => {
  it('allows no role of a spoke an action that was not seen to be used, but for those that cannot be seen here', async () => {
    // What no test above makes `record` do in a spoke: ask when a cluster was started, who switched over, and what AWS Backup restored.
    const { rds } = stageIn(far);
    const read = (wanted: string) =>
      eventually(wanted, async () =>
        (await readTrail(stack.stage.aws)).some(({ account, action }) => account === far.account && action === wanted),
      );
    rds.stop('ledger');
    await rds.settle();
    const key = databaseKey(far, rds.find('ledger').resourceId);
    await eventually('the stop in the ledger', async () => (await stack.ledger.databases([key]))[0]?.stops);
    rds.start('ledger');
    const [blue, green] = ['blue', 'green'].map((id) => rds.createInstance({ id, created: ago(1000) }));
    if (blue && green) rds.switchOver(blue, green);
    rds.startBackupJob('ledger', { ends: 'FAILED', durationMinutes: 0 });
    rds.createInstance({ id: 'newcomer', tags: { 'backup-tenant': 'globex', 'backup-copy': 'none' } });
    rds.takeBackup('newcomer', { durationMinutes: 0 });
    const tags = { 'backup-tenant': 'acme globex', 'backup-copy': 'none' };
    rds.createInstance({ id: 'pool', engine: 'oracle-ee-cdb', created: ago(1000), tenantDatabases: ['ACME'], tags });
    rds.takeBackup('pool', { durationMinutes: 0 });
    rds.stop('pool');
    await rds.settle();
    await read('rds:DescribeEvents');
    await read('rds:DescribeDBSnapshotTenantDatabases');
    await read('rds:DescribeBlueGreenDeployments');
    await read('backup:ListBackupJobs');
    await read('backup:ListRestoreJobs');

    // Roles of one name have the same rights in all spokes.
    const spokeRole = (role: string) => spokeRoles.find((name) => role.startsWith(`RdsBackupLedger-${name}-`)) ?? role;
    const trail = (await readTrail(stack.stage.aws)).filter((one) => one.account !== hub.account);
    expect(trail.filter(({ refused }) => refused)).toEqual([]);
    const used = new Set(trail.map(({ role, action }) => `${spokeRole(role)} ${action}`));
    const allowed = (await Promise.all(stack.stage.spokes.map(allowedActions))).flat();
    expect(new Set(allowed.map(({ role }) => spokeRole(role)))).toEqual(new Set(spokeRoles));
    const unused = allowed
      .filter(({ role, action }) => !unseenReason(role, action))
      .map(({ role, action }) => `${spokeRole(role)} ${action}`)
      .filter((one) => !used.has(one));
    expect(unused).toEqual([]);
  });

  const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

  /** Makes a role that has all rights on an action. */
  async function makeRole(of: StageEnvironment, RoleName: string, trusts: object, Action: string): Promise<string> {
    const iam = new IAMClient(of.client);
    const AssumeRolePolicyDocument = document({ Effect: 'Allow', Principal: trusts, Action: 'sts:AssumeRole' });
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const PolicyDocument = document({ Effect: 'Allow', Action, Resource: '*' });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'all', PolicyDocument }));
    return Role?.Arn ?? '';
  }

  /** Settings with which a session of a role acts, assumed with others' settings; the root user stands for AWS's services. */
  async function assume(RoleArn: string, by: ClientConfig): Promise<ClientConfig> {
    const { Credentials } = await new STSClient(by).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));
    const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken } = Credentials ?? {};
    return { ...by, credentials: { accessKeyId, secretAccessKey, sessionToken: SessionToken ?? '' } };
  }

  const hubRole = (fn: FunctionName) => assume(roleArn(hub, hubRoleName(fn, hub.region)), stack.stage.client);
  const notAuthorized = /not authorized to perform: sts:AssumeRole/;

  /** Which roles of the spokes a principal may assume. */
  async function assumable(by: ClientConfig): Promise<string[]> {
    const roles = [near, far].flatMap((spoke) =>
      spokeRoles.map((role) => ({ role, arn: roleArn(spoke, spokeRoleName(role, spoke.region)) })),
    );
    const may: string[] = [];
    for (const { role, arn } of roles) {
      const refusal = await assume(arn, by).then(() => undefined, String);
      if (refusal === undefined) may.push(`${role} ${arn.split(':')[4]}`);
      else expect(refusal).toMatch(notAuthorized);
    }
    return may;
  }

  const readers = [near, far].map(({ account }) => `reader ${account}`);

  it.each<[FunctionName, string[]]>([
    ['record', readers],
    ['sweep', readers],
    ['copy', [`copier ${far.account}`]],
  ])('lets %s assume what it needs in the spokes, and no more', async (fn, roles) => {
    expect((await assumable(await hubRole(fn))).sort()).toEqual([...roles].sort());
  });

  it('lets nobody else assume a role of a spoke, whatever rights they have at home', async () => {
    const other = await makeRole(stack.stage, 'other', { AWS: hub.account }, 'sts:AssumeRole');
    expect(await assumable(await assume(other, stack.stage.client))).toEqual([]);
    // The names of the hub's roles in an account that is not the hub's.
    const [spoke] = stack.stage.spokes;
    if (spoke === undefined) throw new Error('the stage has no spoke');
    const namesake = await makeRole(spoke, hubRoleName('copy', hub.region), { AWS: near.account }, 'sts:AssumeRole');
    expect(await assumable(await assume(namesake, spoke.client))).toEqual([]);
  });

  it('holds twice: a copier trusts the copy function alone, and the sweep may assume no role that trusts it elsewhere', async () => {
    const stranger = { ...far, account: '444444444444' };
    const strange = { ...stack.stage, ...stranger, client: clientConfig(stack.stage.aws, stranger) };
    const reader = await makeRole(strange, spokeRoleName('reader', far.region), { AWS: hub.account }, 'rds:*');
    await expect(assume(reader, await hubRole('sweep'))).rejects.toThrow(notAuthorized);

    const wide = { RoleName: hubRoleName('sweep', hub.region), PolicyName: 'wide' };
    const PolicyDocument = document({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' });
    const iam = new IAMClient(stack.stage.client);
    await iam.send(new PutRolePolicyCommand({ ...wide, PolicyDocument }));
    try {
      expect(await assumable(await hubRole('sweep'))).toEqual(readers);
      await assume(reader, await hubRole('sweep'));
    } finally {
      await iam.send(new DeleteRolePolicyCommand(wide));
    }
  });

  const hubBus = `arn:aws:events:${hub.region}:${hub.account}:event-bus/${hubBusName}`;
  const entry = (Source: string, DetailType: string, detail: object = {}) => {
    return { Source, DetailType, Detail: JSON.stringify(detail) };
  };

  it.each([
    ['another account', near],
    ['another account and Region', far],
  ])('lets the forwarding role of %s alone put events of RDS alone on the bus', async (_, environment) => {
    const spoke = stageIn(environment);
    const forwarding = roleArn(spoke, spokeRoleName('forward', spoke.region));
    const service = { Service: 'events.amazonaws.com' };
    const other = await makeRole(spoke, `forward-${spoke.region}`, service, 'events:PutEvents');
    const bus = new EventBridgeClient(spoke.client);
    const rules = [
      ['rds-by-forwarding-role', 'aws.rds', forwarding],
      ['rds-by-another-role', 'aws.rds', other],
      ['own-by-forwarding-role', 'acme.shop', forwarding],
    ] as const;
    for (const [Name, source, RoleArn] of rules) {
      const EventPattern = JSON.stringify({ source: [source], 'detail-type': [Name] });
      await bus.send(new PutRuleCommand({ Name, EventPattern }));
      await bus.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'hub', Arn: hubBus, RoleArn }] }));
      await bus.send(new PutEventsCommand({ Entries: [entry(source, Name)] }));
    }
    const decisions = await eventually('the decisions', async () => {
      const made = (await readTrail(stack.stage.aws)).filter(
        (one) => one.account === spoke.account && rules.some(([name]) => name === one.session),
      );
      return made.length === rules.length && made;
    });
    expect(decisions.map(({ session, action, refused }) => [session, action, refused !== undefined])).toEqual([
      ['rds-by-forwarding-role', 'events:PutEvents', false],
      ['rds-by-another-role', 'events:PutEvents', true],
      ['own-by-forwarding-role', 'events:PutEvents', true],
    ]);
  });

  it('lets nobody in a spoke put events on the bus by hand', async () => {
    const { client } = stageIn(near);
    const other = await makeRole(stageIn(near), 'by-hand', { AWS: near.account }, 'events:PutEvents');
    for (const by of [client, await assume(other, client)]) {
      const put = new PutEventsCommand({ Entries: [{ ...entry('aws.rds', 'by hand'), EventBusName: hubBus }] });
      await expect(new EventBridgeClient(by).send(put)).rejects.toThrow(/not authorized to perform: events:PutEvents/);
    }
  });
});

describe('an event', () => {
  it('of one spoke that names a snapshot of another is not recorded, and ends as a dead letter', async () => {
    const { arn } = stageIn(far).rds.takeBackup('orders', { id: 'unannounced', durationMinutes: 0, announce: false });
    const detail = { EventID: 'RDS-EVENT-0042', SourceArn: arn, Date: new Date().toISOString() };
    const Entries = [{ Source: 'aws.rds', DetailType: 'RDS DB Snapshot Event', Detail: JSON.stringify(detail) }];
    await new EventBridgeClient(stageIn(near).client).send(new PutEventsCommand({ Entries }));
    const { RecordDeadLetterQueueUrl = '' } = stack.outputs;
    await eventually('the dead letter', async () => (await stack.depth(RecordDeadLetterQueueUrl)) === 1);
    expect(await stack.ledger.backupsByArn(arn)).toEqual([]);
  });
});
