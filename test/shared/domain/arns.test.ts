import { expect, it } from 'vitest';
import { keyAliasArn, roleArn } from '../../../shared/domain/index.ts';

it('ARNs name the partition of their Region', () => {
  const china = { account: '111111111111', region: 'cn-north-1' };
  const ireland = { account: '111111111111', region: 'eu-west-1' };
  expect(roleArn(ireland, 'reader')).toBe('arn:aws:iam::111111111111:role/reader');
  expect(roleArn(china, 'reader')).toBe('arn:aws-cn:iam::111111111111:role/reader');
  expect(keyAliasArn(china, 'alias/ours')).toBe('arn:aws-cn:kms:cn-north-1:111111111111:alias/ours');
});
