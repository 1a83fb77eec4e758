import { Validations } from 'aws-cdk-lib';
import { Role, type RoleProps, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { partition } from 'es-toolkit/array';
import { copiesAnything, type Fleet, regionsWithoutExports } from '../shared/config/index.ts';
import { exportService } from '../shared/contract.ts';
import { capacityOf, capacityWarnings, copyCalls } from '../shared/copies/index.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { foreignKeys, stagingBuckets, stagingKeys, type TargetBucket, targetBuckets } from './copy-targets.ts';
import { allowForeignExportKeys, allowKeyUse, grantsToAws } from './key.ts';
import { rdsUses } from './rds-uses.ts';
import { allow, allowOnBuckets, allowRdsReads, rdsArn } from './rights.ts';

/**
 * The role that RDS writes exports of an environment with: what RDS asks of it, on the configured buckets. Source: Amazon RDS
 * User Guide, "Exporting DB snapshot data".
 */
export function newExportRole(
  scope: Construct,
  id: string,
  fleet: Fleet,
  { keyArn, roleName }: Pick<RoleProps, 'roleName'> & { readonly keyArn: string },
): Role {
  const role = new Role(scope, id, {
    ...(roleName !== undefined && { roleName }),
    description: 'What RDS writes exported snapshots with',
    // Who may pass the role is decided by iam:PassRole, which does not reach across accounts; RDS documents no
    // aws:SourceAccount for exports, and a condition that never holds would fail them all.
    assumedBy: new ServicePrincipal(exportService),
  });
  if (!copiesAnything(fleet)) return role;
  const targets = targetBuckets(fleet);
  allowOnBuckets(role, targets, {
    actions: ['s3:PutObject*', 's3:GetObject*', 's3:DeleteObject*'],
    objects: ({ objects }) => objects,
    wildcard: 'The actions that RDS documents for an export, on what lies where copies go.',
  });
  allowOnBuckets(role, targets, {
    actions: ['s3:ListBucket', 's3:GetBucketLocation'],
    wildcard: ownBucketsReason,
  });
  allowKeyUse(role, [keyArn]);
  allowForeignExportKeys(role, foreignKeys(fleet));
  return role;
}

/** Lets a role copy the backups of an environment, with its export role and its key: start exports, follow, verify, copy dumps. */
export function allowCopies(
  role: Role,
  fleet: Fleet,
  { exportRoleArn, keyArn }: { readonly exportRoleArn: string; readonly keyArn: string },
): void {
  allow(role, {
    actions: actionsOn(copyCalls, 'snapshot'),
    resources: [rdsArn(role, 'snapshot'), rdsArn(role, 'cluster-snapshot')],
    wildcard: 'The snapshots of tomorrow are not known today.',
  });
  allowRdsReads(role, rdsUses.copy);
  allow(role, {
    actions: actionsOn(copyCalls, 'account'),
    resources: ['*'],
    wildcard: "The account's slots are counted without naming a snapshot, and then RDS has no resource to judge by.",
  });
  allow(role, {
    actions: actionsOn(copyCalls, 'exportRole'),
    resources: [exportRoleArn],
    conditions: { StringEquals: { 'iam:PassedToService': exportService } },
  });
  allow(role, {
    actions: actionsOn(copyCalls, 'exportKey'),
    resources: [keyArn],
    conditions: grantsToAws,
  });
  allowForeignExportKeys(role, foreignKeys(fleet));
  allowBuckets(role, fleet);
}

/** Verifying what was copied, and for `object` mode the copying itself. */
function allowBuckets(role: Role, fleet: Fleet): void {
  if (!copiesAnything(fleet)) return;
  const targets = targetBuckets(fleet);
  const staging = stagingBuckets(fleet);
  const [written, exported] = partition(targets, ({ writtenByFunction }) => writtenByFunction);
  const read = [...exported, ...staging.map((bucket) => ({ ...bucket, objects: '*' }))];
  allowOnBuckets(role, read, { actions: actionsOn(copyCalls, 'bucket'), wildcard: ownBucketsReason });
  allowOnBuckets(role, read, { ...objectsIn, actions: actionsOn(copyCalls, 'readObject') });
  const bucketActions = [...actionsOn(copyCalls, 'bucket'), ...actionsOn(copyCalls, 'writtenBucket')];
  allowOnBuckets(role, written, { actions: bucketActions, wildcard: ownBucketsReason });
  const objectActions = [...actionsOn(copyCalls, 'readObject'), ...actionsOn(copyCalls, 'writtenObject')];
  allowOnBuckets(role, written, { ...objectsIn, actions: objectActions });
  const keys = stagingKeys(fleet);
  if (keys.length > 0) allow(role, { actions: ['kms:Decrypt'], resources: keys });
}

const objectsIn = {
  objects: ({ objects }: Pick<TargetBucket, 'objects'>) => objects,
  wildcard: 'Copies are folders of objects that RDS names, and dumps are named by a pattern.',
};

const ownBucketsReason =
  'The buckets that the stack makes for single databases are one pattern: a policy has room for few names.';

/** Says at synth what of an environment's copies will not come about. */
export function warnOfCopies(scope: Construct, fleet: Fleet): void {
  for (const warning of capacityWarnings(capacityOf(fleet))) Validations.of(scope).addWarning('capacity', warning);
  for (const warning of regionsWithoutExports(fleet))
    Validations.of(scope).addWarning('region-without-exports', warning);
}
