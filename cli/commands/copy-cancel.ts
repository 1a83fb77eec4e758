import { changeCopy, ended, readBackup } from '../../shared/copy/change.ts';
import type { Backup } from '../../shared/model.ts';
import { backupFacts } from '../../shared/query/facts.ts';
import { type Answer, answer, type Command } from '../command.ts';
import { findBackup } from '../find.ts';
import type { Parts } from '../parts.ts';
import { notNow } from './copies.ts';

export const copyCancel: Command = {
  arguments: [{ name: '<backup>', description: "the snapshot's id or ARN" }],
  options: [{ flags: '--note <text>', description: 'why (default: who cancelled it)' }],
  examples: ['copy cancel rds:acme-orders-2026-11-23-04-08'],
  json: {
    is: 'object',
    fields: { '(those of `backups`)': 'the backup as it is now; a running export ends a moment later' },
  },
  run: async (parts, args) => {
    const { ledger } = await parts.ledger();
    const backup = await findBackup(parts, ledger, args.text('backup'));
    if (backup.copy.state === 'queued') {
      const reason = args.optional('note') ?? `cancelled by ${parts.user()}`;
      const row = await changeCopy(ledger, backup, (copy) =>
        copy.state === 'queued' ? ended(copy, 'cancelled', parts.now(), { reason }) : undefined,
      );
      if (row) return said(row, parts, `Cancelled: the copy of ${row.id} does not wait any more.`);
    }
    // It may have started since it was read.
    const fresh = (await readBackup(ledger, backup)) ?? backup;
    const { state, mode, taskId } = fresh.copy;
    if (state !== 'running' && state !== 'starting') throw notNow(fresh.id, state, 'there is nothing to cancel.');
    if (mode !== 'export' || taskId === undefined) {
      throw notNow(fresh.id, state, 'S3 copies it in one go of minutes, which cannot be stopped.');
    }
    await (await parts.cloud()).cancelExport(taskId);
    return said(
      fresh,
      parts,
      `RDS was asked to end the export ${taskId}: the ledger shows it as cancelled once it has.`,
    );
  },
};

function said(backup: Backup, parts: Parts, sentence: string): Answer {
  return answer(backupFacts(backup, parts.now()), (screen) => screen.line(sentence));
}
