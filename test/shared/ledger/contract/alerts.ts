import { expect, it } from 'vitest';
import type { Alert } from '../../../../shared/domain/index.ts';
import { alertKey } from '../../../../shared/ledger/items.ts';
import type { UnreadableRow } from '../../../../shared/ledger/ledger.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aDatabase, anAlert, at, ordersKey } from '../rows.ts';
import { keysInAllShards, type MakeLedger, start } from './given.ts';

const reference = ({ tenant, opened }: Alert) => ({ tenant, opened });
const newestBackup = { id: 'x', createdAt: at('2026-11-23T04:00:00Z'), time: at('2026-11-23T03:59:00Z') };

export function alertsContract(make: MakeLedger): void {
  const given = async () => (await make(() => start)).ledger;

  const full = anAlert({
    cause: { code: 'aws-backup-made-none', facts: { lastBackup: '2026-11-22T04:00:00.000Z' } },
    notes: [{ code: 'event-lost', facts: {} }],
    newestBackup,
    deadline: at('2026-11-23T06:00:00Z'),
    status: 'storage-full',
    notified: [{ at: at('2026-11-23T06:31:00Z'), step: 'open', to: 'all' }],
    pending: { step: 'remind', at: start, tries: 2 },
    acknowledged: { by: 'kim', at: start, note: 'on it' },
    snoozedUntil: at('2026-11-24'),
    snoozed: { by: 'kim', at: start, note: 'known' },
    resolved: start,
    outcome: { verdict: 'protected', severity: 'info', cause: null, notes: [], newestBackup },
    resolution: { code: 'moved-to-tenant', facts: { tenant: 'globex' } },
    expiresAt: at('2027-11-23'),
  });

  it('give back every attribute, by id and in lists', async () => {
    const ledger = await given();
    await ledger.putDatabaseWithAlert(aDatabase(), full);
    expect(await ledger.alerts([full])).toEqual([full]);
    expect(await collect(ledger.alertsOfDatabase(ordersKey))).toEqual([full]);
    expect(await collect(ledger.alertsOfTenant('acme'))).toEqual([full]);
  });

  it('are written with the row of their database, which names the one that concerns it', async () => {
    const ledger = await given();
    const alert = anAlert({ pending: { step: 'open', at: start, tries: 0 } });
    const row = aDatabase({ alert: reference(alert) });
    expect(await ledger.putDatabaseWithAlert(row, alert)).toBe('written');
    expect(await ledger.databases([ordersKey])).toEqual([{ ...row, version: 1 }]);
    expect(await ledger.alerts([{ database: row.key, ...reference(alert) }])).toEqual([alert]);
    expect(await collect(ledger.openAlerts())).toEqual([alert]);
  });

  it('are not written, and the row neither, where the row was changed since it was evaluated', async () => {
    const ledger = await given();
    await ledger.putDatabase(aDatabase());
    await ledger.putDatabase(aDatabase({ engine: 'mysql', version: 1 }));
    const late = aDatabase({ alert: reference(anAlert()), version: 1 });
    expect(await ledger.putDatabaseWithAlert(late, anAlert())).toBe('conflict');
    expect(await ledger.databases([ordersKey])).toEqual([aDatabase({ engine: 'mysql', version: 2 })]);
    expect(await collect(ledger.alertsOfDatabase(ordersKey))).toEqual([]);
  });

  it('are written by one of several at once', async () => {
    const ledger = await given();
    await ledger.putDatabase(aDatabase());
    const severities = ['critical', 'warning', 'info'] as const;
    const writes = severities.map((severity) =>
      ledger.putDatabaseWithAlert(aDatabase({ severity, version: 1 }), anAlert({ severity })),
    );
    expect((await Promise.all(writes)).filter((written) => written === 'written')).toHaveLength(1);
    const [[row], [alert]] = [await ledger.databases([ordersKey]), await ledger.alerts([anAlert()])];
    expect(row?.severity).toBe(alert?.severity);
  });

  it('are open until they are resolved, and history after', async () => {
    const ledger = await given();
    await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
    const resolved = anAlert({ resolved: start, resolution: { code: 'left-configuration', facts: {} } });
    await ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), resolved);
    expect(await collect(ledger.openAlerts())).toEqual([]);
    expect(await collect(ledger.alertsOfDatabase(ordersKey))).toEqual([resolved]);
    expect(await collect(ledger.alertsOfTenant('acme'))).toEqual([resolved]);
  });

  it('are listed while open, oldest first, whole and over all tenants and shards', async () => {
    const ledger = await given();
    for (const [n, database] of keysInAllShards.entries()) {
      const opened = new Date(start.getTime() - n * 60_000);
      const tenant = `tenant-${n}`;
      await ledger.putDatabaseWithAlert(aDatabase({ key: database, tenant }), anAlert({ database, tenant, opened }));
    }
    const open = await collect(ledger.openAlerts());
    expect(open.map((alert) => alert.database)).toEqual(keysInAllShards.toReversed());
  });

  it('are listed newest first, within a span of their opening', async () => {
    const ledger = await given();
    const times = [at('2026-11-21'), at('2026-11-22'), at('2026-11-23')];
    for (const [version, opened] of times.entries()) {
      const row = aDatabase(version === 0 ? {} : { version });
      await ledger.putDatabaseWithAlert(row, anAlert({ opened, resolved: new Date(opened.getTime() + 1) }));
    }
    const openedOf = (alerts: readonly Alert[]) => alerts.map(({ opened }) => opened);
    expect(openedOf(await collect(ledger.alertsOfDatabase(ordersKey)))).toEqual(times.toReversed());
    expect(openedOf(await collect(ledger.alertsOfTenant('acme')))).toEqual(times.toReversed());
    const span = { from: at('2026-11-22'), to: at('2026-11-23') };
    expect(openedOf(await collect(ledger.alertsOfTenant('acme', span)))).toEqual([at('2026-11-22')]);
  });

  it('of several tenants of one database stand side by side, each found by its tenant', async () => {
    const ledger = await given();
    const tenants = ['acme', 'globex', 'initech'];
    for (const [version, tenant] of tenants.entries()) {
      // The same moment for all: one evaluation opens them.
      await ledger.putDatabaseWithAlert(aDatabase(version === 0 ? {} : { version }), anAlert({ tenant }));
    }
    const tenantsOf = (alerts: readonly Alert[]) => alerts.map(({ tenant }) => tenant).sort();
    expect(tenantsOf(await collect(ledger.alertsOfDatabase(ordersKey)))).toEqual(tenants);
    expect(tenantsOf(await collect(ledger.openAlerts()))).toEqual(tenants);
    expect(tenantsOf(await ledger.alerts([anAlert({ tenant: 'globex' })]))).toEqual(['globex']);
    for (const tenant of tenants) expect(tenantsOf(await collect(ledger.alertsOfTenant(tenant)))).toEqual([tenant]);
  });

  it('are read by id, over 100 of them, and left out where they are not there', async () => {
    const ledger = await given();
    const alerts = Array.from({ length: 120 }, (_, n) => anAlert({ database: `1/r/db-${n}` }));
    for (const alert of alerts) await ledger.putDatabaseWithAlert(aDatabase({ key: alert.database }), alert);
    const found = await ledger.alerts([...alerts, anAlert({ tenant: 'globex' }), anAlert({ opened: start })]);
    expect(found.map(({ database }) => database).sort()).toEqual(alerts.map(({ database }) => database).sort());
  });

  it('that cannot be read are handed over where somebody takes them, and the others are read on', async () => {
    const { ledger, table } = await make(() => start);
    const [broken, ...others] = keysInAllShards.slice(0, 4).map((database) => anAlert({ database })) as [
      Alert,
      ...Alert[],
    ];
    for (const alert of [broken, ...others]) {
      await ledger.putDatabaseWithAlert(aDatabase({ key: alert.database }), alert);
    }
    const [item] = await table.read([alertKey(broken)]);
    await table.put({ item: { ...item, ...alertKey(broken), alertFacts: 'by hand' } });
    const unreadable: (string | undefined)[] = [];
    const take = ({ database }: UnreadableRow) => void unreadable.push(database);
    const read = await ledger.leavingOut(take).alerts([broken, ...others]);
    const listed = await collect(ledger.leavingOut(take).openAlerts());
    expect(unreadable).toEqual([broken.database, broken.database]);
    const databasesOf = (alerts: readonly Alert[]) => alerts.map(({ database }) => database).sort();
    for (const alerts of [read, listed]) expect(databasesOf(alerts)).toEqual(databasesOf(others));
    await expect(collect(ledger.openAlerts())).rejects.toThrow('cannot be read');
  });
}
