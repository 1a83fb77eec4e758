import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toPutEventsEntry } from '../../../local/rds/events.ts';
import { accessDenied } from '../../../local/rds/faults.ts';
import { followClock, type RdsServer, startRdsServer } from '../../../local/rds/server.ts';
import { errorName, simulated, utc } from './support.ts';

let server: RdsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function served() {
  const { rds } = simulated();
  server = await startRdsServer(rds);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new RDSClient({ region: 'eu-west-1', endpoint: server.url, credentials });
  return { rds, client, url: server.url };
}

describe('over HTTP', () => {
  test("the SDK's client reads the fleet from 127.0.0.1", async () => {
    const { rds, client, url } = await served();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    rds.createInstance({ id: 'db1' });
    rds.takeBackup('db1', { kind: 'automated', at: utc('2026-10-31T03:00:00') });
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier)).toEqual(['db1']);
    const { DBSnapshots } = await client.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
    expect(DBSnapshots?.map(({ SnapshotCreateTime }) => SnapshotCreateTime)).toEqual([utc('2026-10-31T03:00:00')]);
    const missing = client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'x' }));
    expect(await errorName(missing)).toBe('DBInstanceNotFoundFault');
  });

  test('a fault is an ErrorResponse of the Query protocol', async () => {
    const { url } = await served();
    const body = 'Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=x';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(url, { method: 'POST', body, headers });
    const text = (await response.text()).replace(/<RequestId>[^<]*/, '<RequestId>');
    expect(response.status).toBe(404);
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type>' +
        '<Code>DBInstanceNotFound</Code><Message>DBInstance x not found.</Message></Error>' +
        '<RequestId></RequestId></ErrorResponse>',
    );
  });

  test('of several, each answers for its own account and Region; elsewhere RDS is empty', async () => {
    const environments = [
      { account: '111122223333', region: 'eu-west-1' },
      { account: '111122223333', region: 'eu-central-1' },
      { account: '444455556666', region: 'eu-west-1' },
    ] as const;
    const [first, second, third] = environments;
    const [one, two, three] = [simulated(first), simulated(second), simulated(third)];
    for (const { rds } of [one, two, three]) rds.createInstance({ id: `in-${rds.region}`, retention: 0 });
    one.rds.failNext('DescribeDBInstances', 1, accessDenied('DescribeDBInstances'));
    server = await startRdsServer([one.rds, two.rds, three.rds]);
    const list = async ({ account, region }: { account: string; region: string }) => {
      const headers = { 'x-account': account, 'x-region': region };
      const response = await fetch(server?.url ?? '', { method: 'POST', headers, body: 'Action=DescribeDBInstances' });
      return /<(?:Code|DBInstanceArn)>([^<]*)/.exec(await response.text())?.[1];
    };
    expect(await list(first)).toBe('AccessDenied');
    expect(await list(first)).toBe('arn:aws:rds:eu-west-1:111122223333:db:in-eu-west-1');
    expect(await list(second)).toBe('arn:aws:rds:eu-central-1:111122223333:db:in-eu-central-1');
    expect(await list(third)).toBe('arn:aws:rds:eu-west-1:444455556666:db:in-eu-west-1');
    expect(await list({ ...third, region: 'eu-central-1' })).toBeUndefined();
    three.rds.takeBackup(`in-${third.region}`);
    await three.rds.settle();
    expect([one, two, three].map(({ events }) => events.length > 0)).toEqual([false, false, true]);
    expect(three.events[0]).toMatchObject(third);
  });

  test('a taken port is an error', async () => {
    const { rds, url } = await served();
    await expect(startRdsServer(rds, { port: Number(new URL(url).port) })).rejects.toThrow('EADDRINUSE');
  });
});

describe('following a clock', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('simulated time goes with the clock until it is stopped, and never back', async () => {
    vi.useFakeTimers();
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1', { durationMinutes: 30 });
    let clock = utc('2026-11-01T01:00:00');
    const stop = followClock(rds, { everyMs: 100, clock: () => clock });
    await vi.advanceTimersByTimeAsync(150);
    expect(rds.now).toEqual(clock);
    expect(numbers()).toEqual(['0001', '0040', '0042', '0002']);
    clock = utc('2026-10-01T00:00:00');
    await vi.advanceTimersByTimeAsync(100);
    expect(rds.now).toEqual(utc('2026-11-01T01:00:00'));
    stop();
    clock = utc('2026-11-02T00:00:00');
    await vi.advanceTimersByTimeAsync(500);
    expect(rds.now).toEqual(utc('2026-11-01T01:00:00'));
  });

  test('what fails in a sink is reported, and time goes on', async () => {
    vi.useFakeTimers();
    const errors: unknown[] = [];
    const { rds } = simulated({ eventSink: () => Promise.reject(new Error('the bus is away')) });
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1', { durationMinutes: 0 });
    const stop = followClock(rds, {
      everyMs: 100,
      clock: () => utc('2026-11-01T01:00:00'),
      onError: (error) => errors.push(error),
    });
    await vi.advanceTimersByTimeAsync(1000);
    stop();
    expect(errors).toHaveLength(4);
    expect(rds.now).toEqual(utc('2026-11-01T01:00:00'));
  });
});

test('an event becomes an entry for PutEvents', async () => {
  const { rds, events } = simulated();
  rds.createInstance({ id: 'db1', retention: 0 });
  rds.takeBackup('db1', { id: 'm1', durationMinutes: 0 });
  await rds.settle();
  const [, event] = events;
  if (event === undefined) throw new Error('an event was expected');
  expect(toPutEventsEntry(event)).toEqual({
    Source: 'aws.rds',
    DetailType: 'RDS DB Snapshot Event',
    Time: utc('2026-11-01T00:00:00'),
    Resources: ['arn:aws:rds:eu-west-1:000000000000:snapshot:m1'],
    Detail: JSON.stringify(event.detail),
  });
});
