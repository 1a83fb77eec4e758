import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Fleet } from '../shared/config/index.ts';
import { exportKeyAlias } from '../shared/contract.ts';
import { allow } from './rights.ts';

/** Lets a role read and write what is encrypted with these keys. */
export function allowKeyUse(role: Role, keyArns: readonly string[]): void {
  allow(role, {
    actions: ['kms:Decrypt', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
    resources: keyArns,
    wildcard: 'DynamoDB, SNS, S3 and RDS exports ask for either form of GenerateDataKey.',
  });
}

/**
 * What an export to a key of another account asks of both roles, and of the key's own policy. Source: Amazon RDS User Guide,
 * "Setting up access to an Amazon S3 bucket", "Using a cross-account AWS KMS key".
 */
export function allowForeignExportKeys(role: Role, keyArns: readonly string[]): void {
  if (keyArns.length === 0) return;
  const own = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'];
  allow(role, {
    actions: [...own, 'kms:DescribeKey', 'kms:RetireGrant'],
    resources: keyArns,
    wildcard: 'The actions that RDS documents for a key of another account.',
  });
  allow(role, { actions: ['kms:CreateGrant'], resources: keyArns, conditions: grantsToAws });
}

/** Grants that services of AWS, as RDS is one, make themselves; and no others. */
export const grantsToAws = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };

/**
 * The stack's one customer key: for the ledger, the topics, the buckets and the exports. It is kept with the table,
 * since neither table nor copies can be read without it; a kept one is adopted with the table.
 */
export function stackKey(scope: Construct, fleet: Fleet): IKey {
  if (fleet.adopt) return Key.fromKeyArn(scope, 'Key', fleet.adopt.tableKeyArn);
  const key = new Key(scope, 'Key', {
    description: 'rds-backup-ledger: the ledger, its alerts, and copies of backups',
    enableKeyRotation: true,
    // Once a creation is rolled back, nothing that anybody needs was encrypted with it, and it would cost a dollar a month.
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  // Alarms publish to an encrypted topic in CloudWatch's name. The condition names no topic, so that the policy
  // still fits when a later stack adopts the key.
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  return key;
}

/** The key of a spoke's copies, kept with them. Functions name it by its alias, which a key that is made anew takes over. */
export function exportKey(scope: Construct, id: string): Key {
  return new Key(scope, id, {
    description: 'rds-backup-ledger: copies of backups',
    alias: exportKeyAlias,
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
}
