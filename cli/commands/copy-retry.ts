import { changeCopy, retried } from '../../shared/copy/change.ts';
import { notExportable } from '../../shared/copy/wanted.ts';
import type { Backup } from '../../shared/model.ts';
import { type BackupFacts, backupFacts } from '../../shared/query/facts.ts';
import { answer, type Command } from '../command.ts';
import { findBackup } from '../find.ts';
import type { Parts } from '../parts.ts';
import { UserError } from '../user-error.ts';
import { notNow } from './copies.ts';

export const copyRetry: Command = {
  arguments: [{ name: '<backup>', description: "the snapshot's id or ARN" }],
  examples: ['copy retry rds:acme-orders-2026-11-23-04-08'],
  json: { is: 'object', fields: { '(those of `backups`)': 'the backup as it is now' } },
  run: async (parts, args) => {
    const { ledger } = await parts.ledger();
    const name = args.text('backup');
    const backup = await findBackup(parts, ledger, name);
    if (backup.closed) throw new UserError(`RDS does not have "${backup.id}" any more: there is nothing left to copy.`);
    const mode = await modeOf(parts, backup);
    const obstacle = mode === 'export' ? notExportable(backup) : undefined;
    if (obstacle) throw new UserError(`"${backup.id}" cannot be exported: ${obstacle}.`);
    const now = parts.now();
    // Entering the queue is what wakes the function that copies, by the table's stream.
    const row = await changeCopy(ledger, backup, (copy) => retried(copy, mode, now));
    if (row === undefined) throw notNow(backup.id, backup.copy.state, 'it is queued or under way already.');
    const facts = backupFacts(row, now);
    return answer(facts, (screen) => screen.line(said(facts)));
  },
};

function said({ id, database, copy }: BackupFacts): string {
  return `Queued: the copy of ${id} (${database}), attempt ${copy.attempt}. "copies" shows when it may start.`;
}

/** As it was tried before, or as the configuration has it for its database. */
async function modeOf(parts: Parts, backup: Backup): Promise<'export' | 'object'> {
  if (backup.copy.mode !== 'none') return backup.copy.mode;
  const { fleet } = await (await parts.cloud()).configuration();
  const configured = fleet.databases.find(({ id, kind }) => id === backup.databaseId && kind === backup.databaseKind);
  return configured?.copy.mode === 'object' ? 'object' : 'export';
}
