import { Aws, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { sortBy, uniq } from 'es-toolkit/array';
import { handlerCalls } from '../handlers/calls.ts';
import { awsBackupCalls } from '../shared/aws-backup/index.ts';
import { copiesAnything, type Fleet, fleetIn } from '../shared/config/index.ts';
import { type SpokeRole, spokeRoleName } from '../shared/contract.ts';
import { roleArn } from '../shared/domain/index.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { type RdsRead, type RdsReadAction, rdsReads } from '../shared/rds/index.ts';
import type { OwnedBucket } from './copy-targets.ts';

export interface Right {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, unknown>>;
  /** Why a `*` stands in an action or a resource. Default: none does, and cdk-nag refuses one. */
  readonly wildcard?: string;
}

/**
 * Characters of the resources in one statement. CDK spreads a role's statements over several policies where they are too long
 * for one, but splits no statement; small ones leave little room unused.
 */
const longestResources = 1_200;

/** Lets a role do exactly these actions on exactly these resources. */
export function allow(role: Role, { actions, resources, conditions, wildcard }: Right): void {
  for (const some of bySize(resources, (resource) => resource.length)) {
    role.addToPolicy(
      new PolicyStatement({ actions: [...actions], resources: some, ...(conditions && { conditions }) }),
    );
  }
  if (wildcard === undefined) return;
  const findings = [
    ...actions.map((action) => `Action::${action}`),
    ...resources.map((resource) => `Resource::${plain(Stack.of(role).resolve(resource))}`),
  ];
  for (const finding of findings.filter((text) => text.includes('*'))) {
    Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[${finding}]`, reason: wildcard });
  }
}

/** Groups of items whose sizes add up to `longestResources` at most. */
function bySize<T>(items: readonly T[], sizeOf: (item: T) => number): T[][] {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    if (groups.length === 0 || sizeOf(item) > room) {
      groups.push([]);
      room = longestResources;
    }
    groups.at(-1)?.push(item);
    room -= sizeOf(item);
  }
  return groups;
}

/**
 * Lets a role use buckets, or with `objects` what lies in them, as long as they belong to the accounts that should own them.
 * Buckets of several accounts share a statement: one each would not fit into ten policies.
 */
export function allowOnBuckets<Of extends OwnedBucket>(
  role: Role,
  buckets: readonly Of[],
  { actions, wildcard, objects }: Pick<Right, 'actions' | 'wildcard'> & { readonly objects?: (bucket: Of) => string },
): void {
  const resourceOf = (one: Of) => `${bucketArn(role, one.bucket)}${objects ? `/${objects(one)}` : ''}`;
  for (const some of bySize(sortBy(buckets, ['owner']), (one) => resourceOf(one).length)) {
    allow(role, {
      actions,
      resources: some.map(resourceOf),
      conditions: { StringEquals: { 'aws:ResourceAccount': uniq(some.map(({ owner }) => owner)) } },
      ...(wildcard !== undefined && { wildcard }),
    });
  }
}

/** A resolved value as cdk-nag writes it: `<Name.Arn>/*` for a reference with something behind it. */
function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Fn::Join' in value) return (value['Fn::Join'] as [string, unknown[]])[1].map(plain).join('');
  if ('Fn::GetAtt' in value) return `<${(value['Fn::GetAtt'] as string[]).join('.')}>`;
  return 'Ref' in value ? `<${value.Ref}>` : JSON.stringify(value);
}

/** Resources that a describing action of RDS is judged by; events are of none, and deployments are asked for by a filter. Source: Service Authorization Reference, Amazon RDS. */
const describes: Readonly<Record<RdsReadAction, readonly RdsResource[] | 'any'>> = {
  DescribeDBInstances: ['db'],
  DescribeDBClusters: ['cluster'],
  DescribeDBSnapshots: ['db', 'snapshot'],
  DescribeDBClusterSnapshots: ['cluster', 'cluster-snapshot'],
  DescribeDBSnapshotTenantDatabases: ['db', 'snapshot', 'snapshot-tenant-database'],
  DescribeEvents: 'any',
  DescribeBlueGreenDeployments: 'any',
};

/** Lets a role read databases and snapshots of the stack's account and Region with these methods of the reader. */
export function allowRdsReads(role: Role, uses: readonly RdsRead[]): void {
  for (const action of new Set(uses.flatMap((method) => rdsReads[method]))) {
    const types = describes[action];
    allow(role, {
      actions: [`rds:${action}`],
      resources: types === 'any' ? ['*'] : types.map((type) => rdsArn(role, type)),
      wildcard: 'Databases and their snapshots are listed in bulk, and those of tomorrow are not known today.',
    });
  }
}

/** Lets a role list AWS Backup's jobs. */
export function allowAwsBackupReads(role: Role): void {
  allow(role, {
    actions: actionsOn(awsBackupCalls, 'account'),
    resources: ['*'],
    wildcard: 'AWS Backup knows no resources for listing its jobs.',
  });
}

/** Lets a function assume this role of each other environment that has it; and no others. */
export function allowAssuming(role: Role, fleet: Fleet, name: Extract<SpokeRole, 'reader' | 'copier'>): void {
  const [, ...spokes] = fleet.environments;
  const having = spokes.filter((spoke) => name === 'reader' || copiesAnything(fleetIn(fleet, spoke)));
  allow(role, {
    actions: actionsOn(handlerCalls.assumeRole, 'role'),
    resources: having.map((spoke) => roleArn(spoke, spokeRoleName(name, spoke.region))),
  });
}

type RdsResource = 'db' | 'cluster' | 'snapshot' | 'cluster-snapshot' | 'snapshot-tenant-database';

/** All resources of one type that RDS has in the stack's account and Region. */
export function rdsArn(role: Role, type: RdsResource): string {
  const { region, account } = Stack.of(role);
  return `arn:${Aws.PARTITION}:rds:${region}:${account}:${type}:*`;
}

/** ARN of a bucket by its name. The partition is spelled out: CDK takes references for longer than they are, and splits policies early. */
export function bucketArn(scope: Construct, name: string): string {
  return `arn:${Stack.of(scope).partition}:s3:::${name}`;
}
