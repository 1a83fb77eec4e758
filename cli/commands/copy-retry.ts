import { retried, retryMode } from '../../shared/copies/index.ts';
import { backupIdOf, copyStates, isOneOf } from '../../shared/domain/index.ts';
import { updateBackup } from '../../shared/ledger/index.ts';
import { type BackupFacts, backupFacts } from '../../shared/read-model/index.ts';
import { copySentenceOf } from '../../shared/reasons/index.ts';
import { answer, command } from '../command.ts';
import { findBackup } from '../find.ts';
import { UserError } from '../user-error.ts';
import { notNow } from './copies.ts';

export const copyRetry = command({
  arguments: [{ name: '<backup>', description: "the snapshot's id or ARN" }],
  examples: ['copy retry rds:acme-orders-2026-11-23-04-08'],
  json: { is: 'object', fields: { '(those of `backups`)': 'the backup as it is now' } },
  run: async (deps, args) => {
    const { ledger } = await deps.ledger();
    const name = args.text('backup');
    const backup = await findBackup(deps, ledger, name);
    if (backup.closed) throw new UserError(`RDS no longer has "${backup.id}": there is nothing left to copy.`);
    const { fleet } = await (await deps.cloud()).configuration();
    const [database] = await ledger.databases([backup.database]);
    const request = retryMode(fleet, backup, database);
    if ('cause' in request) {
      throw new UserError(
        `"${backup.id}" cannot be copied: ${copySentenceOf(request.cause, { now: deps.now(), audience: 'operators' })}.`,
      );
    }
    const now = deps.now();
    // Entering the queue is what triggers the function that copies, by the table's stream.
    const row = await updateBackup(ledger, backupIdOf(backup), (fresh) => {
      const copy = retried(fresh.copy, request.mode, now);
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
    return answer(facts, (screen) => screen.line(confirmation(facts)));
  },
});

function confirmation({ id, database, copy }: BackupFacts): string {
  return `Queued: the copy of ${id} (${database}), attempt ${copy.attempt}. "copies" shows when it may start.`;
}
