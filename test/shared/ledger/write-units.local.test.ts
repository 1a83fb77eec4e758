/** The write units that we compute from items, held against an engine that answers `ReturnConsumedCapacity`. */
import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import type { Backup, CopyState } from '../../../shared/domain/index.ts';
import { TableLedger } from '../../../shared/ledger/table-ledger.ts';
import { newLedgerTable } from '../../support/ledger-table.ts';
import { localAws } from '../../support/local-aws.ts';
import { MeteredTable, type Units } from '../../support/metered-table.ts';
import { here, start } from './contract/given.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at } from './rows.ts';

/** What each call of a client is said to have consumed. */
function consumedBy(client: DynamoDBDocumentClient): Units[] {
  const consumed: Units[] = [];
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'INDEXES' } });
      const { ConsumedCapacity } = result.output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] };
      for (const capacity of ConsumedCapacity ? [ConsumedCapacity].flat() : []) consumed.push(unitsIn(capacity));
      return result;
    },
    { step: 'initialize' },
  );
  return consumed;
}

function unitsIn({ CapacityUnits = 0, GlobalSecondaryIndexes, LocalSecondaryIndexes }: ConsumedCapacity): Units {
  const inIndexes = Object.entries({ ...GlobalSecondaryIndexes, ...LocalSecondaryIndexes }).map(
    ([index, { CapacityUnits = 0 }]) => [index, CapacityUnits] as const,
  );
  // A transaction names no share of the table.
  return {
    table: CapacityUnits - inIndexes.reduce((sum, [, units]) => sum + units, 0),
    ...Object.fromEntries(inIndexes),
  };
}

function sumOf(all: readonly Units[]): Units {
  const sum: Record<string, number> = {};
  for (const units of all) {
    for (const [where, count] of Object.entries(units)) sum[where] = (sum[where] ?? 0) + count;
  }
  return sum;
}

describe('the figures', () => {
  it('are those that MiniStack computes from the same documentation, call by call', async () => {
    const { documents, table } = await newLedgerTable((await localAws()).clientConfig);
    const consumed = consumedBy(documents);
    const metered = new MeteredTable(table);
    const ledger = new TableLedger(metered, () => start);
    const cause = { code: 'not-in-rds', facts: {} } as const;
    const inState = (state: CopyState, version: number, changes: Partial<Backup> = {}) =>
      aBackup({ copy: { mode: 'export', state, attempt: 1, queuedAt: start }, version, ...changes });
    const alert = anAlert({ expiresAt: at('2027-11-23') });
    const calls: Record<string, () => Promise<unknown>> = {
      'a backup is recorded': () => ledger.recordBackup(inState('queued', 0)),
      'its copy starts': () => ledger.updateBackup(inState('starting', 1)),
      'its copy grows beyond a kilobyte': () =>
        ledger.updateBackup(inState('starting', 2, { engine: 'x'.repeat(999) })),
      'it shrinks again': () => ledger.updateBackup(inState('starting', 3)),
      'its copy is complete': () => ledger.updateBackup(inState('complete', 4)),
      'it gets another tenant': () => ledger.updateBackup(inState('complete', 5, { tenant: 'globex' })),
      'it is closed': () =>
        ledger.updateBackup(
          inState('complete', 6, { tenant: 'globex', closed: { at: start, cause, expiresAt: start } }),
        ),
      'a database is met': () => ledger.putDatabase(aDatabase()),
      'its next check moves': () => ledger.putDatabase(aDatabase({ version: 1, nextCheckAt: start })),
      'nothing of it moves': () => ledger.putDatabase(aDatabase({ version: 2, nextCheckAt: start, engine: 'mysql' })),
      'it is renamed': () => ledger.putDatabase(aDatabase({ version: 3, nextCheckAt: start, id: 'orders-v2' })),
      'an alert opens': () => ledger.putDatabaseWithAlert(aDatabase({ version: 4 }), alert),
      'it is resolved': () => ledger.putDatabaseWithAlert(aDatabase({ version: 5 }), { ...alert, resolved: start }),
      'days are evaluated': () => ledger.putDays([aDay(), aDay({ tenant: 'globex', exclusion: 'x'.repeat(2_500) })]),
      'a day is evaluated anew': () => ledger.putDays([aDay({ verdict: 'due' })]),
      'a day stays as it is': () => ledger.putDays([aDay({ verdict: 'due' })]),
      'a sweep ends': () => ledger.putSweep(aSweep()),
      'the lease is taken': () => ledger.takeLease(here, 'one', start, start),
    };
    const ours: Record<string, Units> = {};
    const theirs: Record<string, Units> = {};
    for (const [what, call] of Object.entries(calls)) {
      metered.writes.length = 0;
      consumed.length = 0;
      expect(['conflict', 'duplicate', 'held']).not.toContain(await call());
      ours[what] = sumOf(metered.writes.map(({ units }) => units));
      theirs[what] = sumOf(consumed);
    }
    expect(ours).toEqual(theirs);
  });
});
