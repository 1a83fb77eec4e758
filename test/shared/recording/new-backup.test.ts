import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../shared/config/load.ts';
import type { AvailableSnapshot, Backup, DatabaseRow } from '../../../shared/domain/index.ts';
import { backupFrom, forgetBackup, sourceTimeOf, withBackup } from '../../../shared/recording/new-backup.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { where } from '../../support/world.ts';
import { aBackup, aDatabase, at, ordersKey } from '../ledger/rows.ts';

const now = at('2026-11-23T12:00:00Z');

const fleet = parseConfig(
  JSON.stringify({
    operators: [{ email: 'operators@example.com' }],
    defaults: { bucket: { type: 'shared' } },
    tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance', copy: { mode: 'export' } }] }],
  }),
  where,
);
const [configured] = fleet.databases;

function snapshot(changes: Partial<AvailableSnapshot> = {}): AvailableSnapshot {
  const { id, arn, database, databaseId, databaseKind, kind, engine, encrypted, createdAt } = aBackup();
  const facts = { id, arn, database, databaseId, databaseKind, kind, engine, encrypted, createdAt };
  return { ...facts, status: 'available', ...changes } as AvailableSnapshot;
}

async function given(...backups: Backup[]) {
  const ledger = new MemoryLedger(() => now);
  for (const backup of backups) await ledger.recordBackup(backup);
  return ledger;
}

describe('the copy of what a sweep finds', () => {
  const copyOf = async (row: DatabaseRow | undefined, ...others: Backup[]) => {
    const owner = { tenant: 'acme', ...(configured && { configured }), ...(row && { row }) };
    return (await backupFrom(await given(...others), snapshot(), owner, { from: 'sweep' }, now)).copy;
  };

  it('is wanted where the database was enrolled before, and history where it was not', async () => {
    expect(await copyOf(aDatabase())).toMatchObject({ state: 'queued' });
    const enrolledLater = aDatabase({ enrolledAt: at('2026-11-23T05:00:00Z') });
    expect(await copyOf(enrolledLater)).toMatchObject({ state: 'none', cause: { code: 'before-enrolment' } });
    expect(await copyOf(undefined)).toMatchObject({ state: 'none', cause: { code: 'before-enrolment' } });
  });

  it('is not wanted where another backup of its day is copied', async () => {
    const copy = { mode: 'export', state: 'running', attempt: 1 } as const;
    const ofTheDay = aBackup({ createdAt: at('2026-11-23T01:00:00Z'), copy });
    const ofTheDayBefore = aBackup({ createdAt: at('2026-11-22T23:00:00Z'), copy });
    expect(await copyOf(aDatabase(), ofTheDay)).toMatchObject({ state: 'none', cause: { code: 'period-served' } });
    expect(await copyOf(aDatabase(), ofTheDayBefore)).toMatchObject({ state: 'queued' });
  });
});

describe('the time of a copied cluster snapshot', () => {
  const sourceArn = 'arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:nightly';
  const source = (createdAt: string) => aBackup({ arn: sourceArn, id: 'nightly', createdAt: at(createdAt) });
  const copy = snapshot({ databaseKind: 'cluster', sourceArn, createdAt: at('2026-11-22T00:00:00Z') });
  const sources = [source('2026-11-20T00:00:00Z'), source('2026-11-22T00:00:00Z'), source('2026-11-22T06:00:00Z')];

  it('is that of the last source that its ARN named before the copy', async () => {
    expect(await sourceTimeOf(await given(...sources), copy)).toEqual(at('2026-11-22T00:00:00Z'));
    expect(await sourceTimeOf(await given(...sources.slice(0, 1)), copy)).toEqual(at('2026-11-20T00:00:00Z'));
  });

  it('is not known where the source came after it, or is not in the ledger', async () => {
    expect(await sourceTimeOf(await given(...sources.slice(2)), copy)).toBeUndefined();
    expect(await sourceTimeOf(await given(), copy)).toBeUndefined();
  });

  it('is that of the newest source while RDS does not show when the copy was made', async () => {
    const { createdAt: _, ...creating } = copy;
    expect(await sourceTimeOf(await given(...sources), creating)).toEqual(at('2026-11-22T06:00:00Z'));
  });

  it('is never looked up for a snapshot of an instance, or for one that is no copy', async () => {
    expect(await sourceTimeOf(await given(...sources), { ...copy, databaseKind: 'instance' })).toBeUndefined();
    const { sourceArn: __, ...original } = copy;
    expect(await sourceTimeOf(await given(...sources), original)).toBeUndefined();
  });
});

describe('the row of a database, once a backup of it is recorded', () => {
  const backup = aBackup();
  const newestBackup = { id: backup.id, createdAt: backup.createdAt, time: backup.createdAt };
  const deadline = at('2026-11-24T04:08:53.123Z');

  it('has it as its newest, with the deadline that follows, at which it is checked', () => {
    expect(withBackup(aDatabase({ verdict: 'protected' }), backup, configured, now)).toEqual(
      aDatabase({ verdict: 'protected', newestBackup, deadline, nextCheckAt: deadline }),
    );
    expect(withBackup(aDatabase(), backup, configured, now).nextCheckAt).toEqual(deadline);
  });

  it('is checked now where an alert is open, or the verdict was another', () => {
    const alert = { tenant: 'acme', opened: at('2026-11-23T06:30:00Z') };
    expect(withBackup(aDatabase({ verdict: 'protected', alert }), backup, configured, now).nextCheckAt).toEqual(now);
    expect(withBackup(aDatabase({ verdict: 'due' }), backup, configured, now).nextCheckAt).toEqual(now);
  });

  it('stays as it is where an older one is recorded', () => {
    const row = aDatabase({ newestBackup, deadline, nextCheckAt: deadline });
    const older = aBackup({ createdAt: at('2026-11-22T04:08:53Z') });
    expect(withBackup(row, older, configured, now)).toBe(row);
  });

  it('forgets the one in progress if it is that one, and no other', () => {
    const inProgress = { id: backup.id, since: backup.createdAt };
    expect(withBackup(aDatabase({ inProgress }), backup, configured, now)).not.toHaveProperty('inProgress');
    expect(withBackup(aDatabase({ inProgress, newestBackup }), backup, configured, now)).toEqual(
      aDatabase({ newestBackup }),
    );
    const other = { id: 'manual', since: backup.createdAt };
    expect(withBackup(aDatabase({ inProgress: other }), backup, configured, now).inProgress).toEqual(other);
  });

  it('has no deadline where nobody configured the database, nor by a backup whose time is not known', () => {
    expect(withBackup(aDatabase(), backup, undefined, now)).toEqual(aDatabase({ newestBackup }));
    const { backupTime: _, ...timeless } = backup;
    expect(withBackup(aDatabase(), timeless, configured, now)).toEqual(aDatabase());
    const inProgress = { id: backup.id, since: backup.createdAt };
    expect(withBackup(aDatabase({ inProgress }), timeless, configured, now)).toEqual(aDatabase());
  });
});

describe('a backup whose snapshot is gone', () => {
  const why = { cause: { code: 'not-in-rds', facts: {} }, retentionDays: 400 } as const;
  const older = aBackup({ createdAt: at('2026-11-21T04:00:00Z') });
  const newer = aBackup({ createdAt: at('2026-11-22T04:00:00Z') });
  const newestOf = ({ id, createdAt }: Backup) => ({ id, createdAt, time: createdAt });
  const forget = async (backup: Backup, row: DatabaseRow | undefined) => {
    const ledger = await given(older, newer);
    if (row) await ledger.putDatabase(row);
    const [recorded] = await ledger.backupsByArn(backup.arn);
    if (recorded === undefined) throw new Error('it is recorded');
    await forgetBackup(ledger, recorded, why, now);
    const [closed] = await ledger.backupsByArn(backup.arn);
    const [left] = await ledger.databases([ordersKey]);
    return { closed: closed?.closed?.at, newest: left?.newestBackup?.id, nextCheckAt: left?.nextCheckAt };
  };

  it('lets the one before it count, and has its database checked', async () => {
    expect(await forget(newer, aDatabase({ newestBackup: newestOf(newer) }))).toEqual({
      closed: now,
      newest: older.id,
      nextCheckAt: now,
    });
  });

  it('changes nothing of its database where it was not the newest', async () => {
    expect(await forget(older, aDatabase({ newestBackup: newestOf(newer) }))).toEqual({
      closed: now,
      newest: newer.id,
      nextCheckAt: undefined,
    });
  });

  it('is closed though the ledger has no row of its database', async () => {
    expect(await forget(newer, undefined)).toEqual({ closed: now, newest: undefined, nextCheckAt: undefined });
  });
});
