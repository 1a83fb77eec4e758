import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { beforeEach, expect, it } from 'vitest';
import { type ClientPlace, clientsBy } from '../../handlers/environment-clients.ts';
import { concernsEnvironment, refusesEnvironment } from '../../shared/lib/environment-failures.ts';
import { mockClient } from '../support/mock-client.ts';

const hub = { account: '111111111111', region: 'eu-west-1' };
const spoke = { account: '222222222222', region: 'us-east-1' };
const sts = mockClient(STSClient);

beforeEach(() => sts.reset());

const placeIn = clientsBy(hub, 'copier', (place): ClientPlace => place);

function answered(name: string, httpStatusCode: number) {
  return new STSServiceException({ name, message: `${name}!`, $fault: 'client', $metadata: { httpStatusCode } });
}

it('the hub’s clients use what the function has', () => {
  expect(placeIn({ ...hub })).toEqual({});
});

it('a spoke’s clients act in its Region with its role, for an hour', async () => {
  const expiration = new Date('2026-11-23T07:00:00Z');
  sts.on(AssumeRoleCommand).resolves({
    Credentials: { AccessKeyId: 'id', SecretAccessKey: 'secret', SessionToken: 'token', Expiration: expiration },
  });
  const place = placeIn(spoke);
  expect(place.region).toBe('us-east-1');
  expect(await place.credentials?.()).toEqual({
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration,
  });
  expect(sts.commandCalls(AssumeRoleCommand).map(({ args }) => args[0].input)).toEqual([
    {
      RoleArn: 'arn:aws:iam::222222222222:role/RdsBackupLedger-copier-us-east-1',
      RoleSessionName: 'rds-backup-ledger',
      DurationSeconds: 3600,
    },
  ]);
});

it.each([
  ['AccessDenied', answered('AccessDenied', 403), true],
  ['RegionDisabledException', answered('RegionDisabledException', 403), true],
  ['ThrottlingException', answered('ThrottlingException', 400), false],
  ['TimeoutError', Object.assign(new Error('TimeoutError!'), { name: 'TimeoutError' }), false],
])('what STS answers is a failure of the whole environment: %s', async (name, error, isRefused) => {
  sts.on(AssumeRoleCommand).rejects(error);
  const failure: unknown = await placeIn(spoke)
    .credentials?.()
    .catch((why: unknown) => why);
  expect(failure).toMatchObject({ name, message: `${name}!` });
  expect([concernsEnvironment(failure), refusesEnvironment(failure)]).toEqual([true, isRefused]);
  // A status would read as an answer of the service that was to be called.
  expect(failure).not.toHaveProperty('$metadata');
});
