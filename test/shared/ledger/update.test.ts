import { describe, expect, it } from 'vitest';
import { backupIdOf } from '../../../shared/domain/index.ts';
import { update, updateAlert, updateBackup, updateDatabase } from '../../../shared/ledger/update.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { start } from './contract/given.ts';
import { aBackup, aDatabase, anAlert, ordersKey } from './rows.ts';

const given = () => new MemoryLedger(() => start);

/** A number that others raise before each of the first writes. */
function contended(conflicts: number, known?: number) {
  const stored = { value: 1, reads: 0, left: conflicts };
  const written = update<number, number>({
    what: 'the number',
    read: async () => {
      stored.reads += 1;
      return stored.value;
    },
    decide: (value) => value * 10,
    write: async (value) => {
      if (stored.left > 0) {
        stored.left -= 1;
        stored.value += 1;
        return 'conflict';
      }
      stored.value = value;
      return 'written';
    },
    ...(known !== undefined && { known }),
  });
  return { stored, written };
}

describe('an update', () => {
  it('decides anew on what is there now, where somebody else wrote in between', async () => {
    const { stored, written } = contended(3);
    expect(await written).toBe(40);
    expect(stored).toMatchObject({ value: 40, reads: 4 });
  });

  it('begins with the row that is known already, and reads it only after a conflict', async () => {
    const [quiet, disturbed] = [contended(0, 7), contended(1, 7)];
    expect([await quiet.written, quiet.stored.reads]).toEqual([70, 0]);
    expect([await disturbed.written, disturbed.stored.reads]).toEqual([20, 1]);
  });

  it('gives up after ten conflicts in a row, and says of what', async () => {
    await expect(contended(9).written).resolves.toBe(100);
    await expect(contended(10).written).rejects.toThrow('the number was changed by others 10 times in a row');
  });

  it('writes nothing where there is nothing to decide', async () => {
    const ledger = given();
    expect(await updateDatabase(ledger, ordersKey, () => undefined)).toBeUndefined();
    await ledger.putDatabase(aDatabase());
    expect(await updateDatabase(ledger, ordersKey, (row) => row)).toBeUndefined();
    expect(await updateBackup(ledger, backupIdOf(aBackup()), (row) => row)).toBeUndefined();
    expect(await ledger.databases([ordersKey])).toEqual([aDatabase({ version: 1 })]);
  });

  it('of a backup gives the row back as it was written, which can be written again', async () => {
    const ledger = given();
    await ledger.recordBackup(aBackup());
    const written = await updateBackup(ledger, backupIdOf(aBackup()), (row) => ({ ...row, sizeGiB: 40 }));
    expect(written).toEqual(aBackup({ sizeGiB: 40, version: 2 }));
    expect(written && (await ledger.updateBackup(written))).toBe('written');
  });

  it('of an alert is of the one that concerns its database now, and of none where there is none', async () => {
    const ledger = given();
    const [earlier, current] = [anAlert({ opened: new Date(0), resolved: start }), anAlert()];
    expect(await updateAlert(ledger, ordersKey, (both) => both)).toBeUndefined();
    await ledger.putDatabaseWithAlert(aDatabase(), earlier);
    expect(await updateAlert(ledger, ordersKey, (both) => both)).toBeUndefined();
    const { tenant, opened } = current;
    await ledger.putDatabaseWithAlert(aDatabase({ version: 1, alert: { tenant, opened } }), current);
    await updateAlert(ledger, ordersKey, ({ row, alert }) => ({ row, alert: { ...alert, resolved: start } }));
    expect(await ledger.alerts([earlier, current])).toEqual([earlier, { ...current, resolved: start }]);
  });
});
