import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep } from '../shared/ledger/rows.ts';
import { given } from './support.ts';

describe.each(commands)('$name', ({ name, load }) => {
  it('has help with an example of itself, and takes --json, --tz and --stack', async () => {
    const { text, exitCode } = await given({ now: '2026-11-23T12:00:00.000Z' }).run(`${name} --help`);
    expect(exitCode).toBe(0);
    expect(text).toContain(`$ rds-backup-ledger ${name}`);
    for (const option of ['--json', '--tz <zone>', '--stack <name>']) expect(text).toContain(option);
  });

  it('documents the fields of its JSON', async () => {
    expect(Object.keys((await load()).json.fields)).not.toEqual([]);
  });
});

describe('the documented fields', () => {
  const world = async () => {
    const seen = given({ now: '2026-11-23T12:00:00.000Z' });
    const backup = aBackup({ copy: { mode: 'export', state: 'queued', attempt: 1 } });
    await seen.ledger.recordBackup(backup);
    const alert = anAlert();
    const judged = { verdict: 'overdue', severity: 'critical', reason: 'old' } as const;
    const newestBackup = { arn: backup.arn, id: backup.id, time: backup.createdAt };
    await seen.ledger.putDatabaseWithAlert(aDatabase({ ...judged, newestBackup, alert }), alert);
    await seen.ledger.putDays([aDay()]);
    await seen.ledger.putSweep(aSweep());
    return seen;
  };
  const documented = async (name: string) => {
    const entry = commands.find((one) => one.name === name);
    return Object.keys((await entry?.load())?.json.fields ?? {});
  };

  it.each([
    ['status', 'status', []],
    ['tenant', 'tenant acme', []],
    ['backups', 'backups', []],
    ['alerts', 'alerts', []],
    ['events missed', 'events missed', []],
    ['report', 'report', ['(with --out)']],
    ['config plan', 'config plan', []],
    ['config check', 'config check', []],
    ['config from-env', 'config from-env', []],
    ['evidence', 'evidence', ['(with --out)']],
  ])('of %s are those that it prints, in their order', async (name, line, notes) => {
    const { facts } = await world();
    const printed = await facts(line);
    const printedFields = Object.keys(Array.isArray(printed) ? printed[0] : printed);
    expect([...printedFields, ...notes].sort()).toEqual((await documented(name)).sort());
  });

  it.each([
    ['database', 'database orders', 'tenant', ['copy']],
    ['copies', 'copies', 'backups', []],
    ['alert ack', 'alert ack orders', 'alerts', []],
    ['alert snooze', 'alert snooze orders', 'alerts', []],
  ])('of %s are its own and those of another command', async (name, line, other, without) => {
    const { facts } = await world();
    const printed = await facts(line);
    const own = (await documented(name)).filter((field) => !field.startsWith('('));
    const others = (await documented(other)).filter((field) => !(without as string[]).includes(field));
    expect(Object.keys(Array.isArray(printed) ? printed[0] : printed).sort()).toEqual([...own, ...others].sort());
  });
});
