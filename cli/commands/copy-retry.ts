import { retried, retryMode } from '../../shared/copies/index.ts';
import { backupIdOf, copyStates, isOneOf } from '../../shared/domain/index.ts';
import { updateBackup } from '../../shared/ledger/index.ts';
import { type BackupFacts, backupFacts } from '../../shared/read-model/index.ts';
import { copySentenceOf } from '../../shared/reasons/index.ts';
import { answer, type Command } from '../command.ts';
import { findBackup } from '../find.ts';
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
    const { fleet } = await (await parts.cloud()).configuration();
    const [database] = await ledger.databases([backup.database]);
    const wanted = retryMode(fleet, backup, database);
    if ('cause' in wanted) {
      throw new UserError(
        `"${backup.id}" cannot be copied: ${copySentenceOf(wanted.cause, { now: parts.now(), audience: 'operators' })}.`,
      );
    }
    const now = parts.now();
    // Entering the queue is what triggers the function that copies, by the table's stream.
    const row = await updateBackup(ledger, backupIdOf(backup), (fresh) => {
      const copy = retried(fresh.copy, wanted.mode, now);
      return copy && { ...fresh, copy };
    });
    if (row === undefined) {
      const { state } = backup.copy;
      const isKnown = isOneOf(copyStates, state);
      throw notNow(
        backup.id,
        state,
        isKnown ? 'it is queued or under way already.' : 'only a later version knows what that is.',
      );
    }
    const facts = backupFacts(row, now);
    return answer(facts, (screen) => screen.line(said(facts)));
  },
};

function said({ id, database, copy }: BackupFacts): string {
  return `Queued: the copy of ${id} (${database}), attempt ${copy.attempt}. "copies" shows when it may start.`;
}
