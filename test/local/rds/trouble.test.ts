import {
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  paginateDescribeDBSnapshots,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import { describe, expect, test } from 'vitest';
import { accessDenied, internalFailure, throttling } from '../../../local/rds/faults.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { errorName, simulated, utc } from './support.ts';

describe('calls that fail', () => {
  test('the SDK tries a throttled call again, and counts as many calls', async () => {
    const { rds, client } = simulated();
    rds.failNext('DescribeDBInstances', 2);
    expect((await client.send(new DescribeDBInstancesCommand({}))).DBInstances).toEqual([]);
    expect([rds.calls('DescribeDBInstances'), rds.calls('DescribeDBClusters'), rds.calls()]).toEqual([3, 0, 3]);
    rds.resetCalls();
    expect(rds.calls()).toBe(0);
  });

  test('throttling that does not end arrives as ThrottlingException: Rate exceeded', async () => {
    const { rds, client } = simulated();
    rds.failNext('DescribeDBInstances', 3);
    await expect(client.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
    });
    expect((await client.send(new DescribeDBClustersCommand({}))).DBClusters).toEqual([]);
  });

  test('other faults keep their names and status', async () => {
    const { rds, client } = simulated();
    rds.failNext('DescribeDBInstances', 1, accessDenied('DescribeDBInstances'));
    await expect(client.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
      name: 'AccessDenied',
      $metadata: { httpStatusCode: 403 },
    });
    rds.failNext('DescribeDBInstances', 3, internalFailure);
    expect(await errorName(client.send(new DescribeDBInstancesCommand({})))).toBe('InternalFailure');
  });

  test('one page of a listing fails until healed, the pages before it do not', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    for (let index = 0; index < 150; index++)
      rds.takeBackup('db1', { id: `s${index}`, at: utc('2026-10-01T00:00:00') });
    const heal = rds.failPage('DescribeDBSnapshots', 2);
    const sizes: number[] = [];
    const read = async () => {
      for await (const { DBSnapshots } of paginateDescribeDBSnapshots({ client }, {}))
        sizes.push(DBSnapshots?.length ?? 0);
    };
    expect(await errorName(read())).toBe('ThrottlingException');
    expect(sizes).toEqual([100]);
    heal();
    await read();
    expect(sizes).toEqual([100, 100, 50]);
  });

  test('a token bucket lets so many calls through, and more as time passes', async () => {
    const { rds } = simulated();
    const client = inProcessClient(rds, { retryStrategy: new ConfiguredRetryStrategy(1, 0) });
    const heal = rds.throttle({ capacity: 2, perSecond: 0.5 });
    const call = () => client.send(new DescribeDBInstancesCommand({}));
    await call();
    await call();
    expect(await errorName(call())).toBe('ThrottlingException');
    await rds.advanceBy({ seconds: 2 });
    await call();
    expect(await errorName(call())).toBe('ThrottlingException');
    heal();
    await call();
  });

  test('a row lacks a field, and no other row does', async () => {
    const { rds, client } = simulated();
    const [db1] = [rds.createInstance({ id: 'db1' }), rds.createInstance({ id: 'db2' })];
    const resourceIds = async () =>
      (await client.send(new DescribeDBInstancesCommand({}))).DBInstances?.map(({ DbiResourceId }) => DbiResourceId);
    const heal = rds.leaveOut(db1.arn, 'DbiResourceId');
    expect(await resourceIds()).toEqual([undefined, rds.find('db2').resourceId]);
    heal();
    expect(await resourceIds()).toEqual([db1.resourceId, rds.find('db2').resourceId]);
  });

  test('a hook sees each call with its input and number, and may fail it', async () => {
    const { rds, client } = simulated();
    const seen: unknown[] = [];
    const off = rds.onCall(({ action, input, number }) => {
      seen.push([action, input, number]);
      return number === 1 ? throttling : undefined;
    });
    await client.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', MaxRecords: 50 }));
    off();
    await client.send(new DescribeDBSnapshotsCommand({}));
    const input = { SnapshotType: 'manual', MaxRecords: 50 };
    expect(seen).toEqual([
      ['DescribeDBSnapshots', input, 1],
      ['DescribeDBSnapshots', input, 2],
    ]);
  });

  test('an operation that is not simulated says so', async () => {
    const { client } = simulated();
    expect(await errorName(client.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'db1' })))).toBe(
      'InvalidAction',
    );
  });
});
