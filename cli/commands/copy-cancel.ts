import { ended } from '../../shared/copies/index.ts';
import { type Backup, backupIdOf, type Environment, environmentOf } from '../../shared/domain/index.ts';
import { updateBackup } from '../../shared/ledger/index.ts';
import { backupFacts } from '../../shared/read-model/index.ts';
import { type Answer, answer, command } from '../command.ts';
import type { Dependencies } from '../dependencies.ts';
import { findBackup } from '../find.ts';
import { UserError } from '../user-error.ts';
import { notNow } from './copies.ts';

export const copyCancel = command({
  arguments: [{ name: '<backup>', description: "the snapshot's id or ARN" }],
  options: [{ flags: '--note <text>', description: 'why' }],
  examples: ['copy cancel rds:acme-orders-2026-11-23-04-08'],
  json: {
    is: 'object',
    fields: { '(those of `backups`)': 'the backup as it is now; a running export ends a moment later' },
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const { ledger } = deployed;
    const backup = await findBackup(deps, deployed, args.text('backup'));
    const note = args.optional('note');
    const cause = {
      code: 'cancelled-by-person',
      facts: { by: deps.user(), ...(note !== undefined && { note }) },
    } as const;
    const row = await updateBackup(ledger, backupIdOf(backup), (fresh) =>
      fresh.copy.state === 'queued'
        ? { ...fresh, copy: ended(fresh.copy, 'cancelled', deps.now(), { cause }) }
        : undefined,
    );
    if (row) return confirmation(row, deps, `Cancelled: the copy of ${row.id} is no longer queued.`);
    // It may have started since it was read.
    const [fresh = backup] = await ledger.backups([backupIdOf(backup)]);
    const { state, mode, taskId } = fresh.copy;
    if (state !== 'running' && state !== 'starting') throw notNow(fresh.id, state, 'there is nothing to cancel.');
    if (mode === 'object') throw notNow(fresh.id, state, 'S3 copies it in one go of minutes, which cannot be stopped.');
    if (mode !== 'export' || taskId === undefined) throw notNow(fresh.id, state, 'no export task of it is known.');
    const environment = environmentOf(fresh.database);
    if (environment.account !== deployed.account) throw elsewhere(taskId, environment);
    await (await deps.cloud()).cancelExport(taskId, environment.region);
    return confirmation(
      fresh,
      deps,
      `RDS was asked to end the export ${taskId}: the ledger shows it as cancelled once it has.`,
    );
  },
});

/** Commands act with the rights of whoever calls them: in the account of the ledger, and in no other. */
function elsewhere(taskId: string, { account, region }: Environment): UserError {
  return new UserError(
    `The export ${taskId} runs in account ${account}, ${region}, where this command has no rights`,
    `end it there: aws rds cancel-export-task --region ${region} --profile "<profile for account ${account}>" --export-task-identifier ${taskId}`,
  );
}

function confirmation(backup: Backup, deps: Dependencies, sentence: string): Answer {
  return answer(backupFacts(backup, deps.now()), (screen) => screen.line(sentence));
}
