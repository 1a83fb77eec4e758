import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { recordEvents } from '../shared/recording/index.ts';
import { recheck } from '../shared/sweep/index.ts';
import { onFirstCall } from './on-first-call.ts';
import { ledgerOf, log, now, readConfig, readersOf } from './parts.ts';
import { readSettings } from './settings.ts';
import { alertChannelOf, notifierOf, sweepDepsOf } from './sweep-parts.ts';

/** Writes the RDS events of a batch into the ledger; messages that failed come again, and end as dead letters. */
export const handler = onFirstCall(() => {
  const settings = readSettings(process.env);
  const ledger = ledgerOf(settings);
  const config = readConfig(settings);
  const readers = readersOf(settings);
  const heard = new Map<string, Date>();
  const channel = alertChannelOf(settings, config.fleet);
  return async (event: SQSEvent, context: { getRemainingTimeInMillis(): number }): Promise<SQSBatchResponse> => {
    const failed = await recordEvents(
      {
        ledger,
        rds: readers.rds(),
        awsBackup: readers.awsBackup(),
        fleet: config.fleet,
        heard,
        log,
        now,
        remainingMs: () => context.getRemainingTimeInMillis(),
        check: async (databases, options) => {
          const run = await recheck(
            sweepDepsOf(config, ledger, readers, () => context.getRemainingTimeInMillis()),
            databases,
            options,
          );
          const { errors } = await notifierOf(config, ledger, channel)(run.notifications, run.at);
          for (const error of [...run.report.errors, ...errors]) log.error(error, { databases });
          return (run.row.leftOut ?? []).flatMap(({ database }) => database ?? []);
        },
      },
      event.Records,
    );
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
});
