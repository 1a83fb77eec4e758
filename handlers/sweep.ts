import * as z from 'zod';
import { publishDay, runRequest, type SweepReport, type SweepRequest } from '../shared/sweep/index.ts';
import { onFirstCall } from './on-first-call.ts';
import { ledgerOf, log, readConfig, readersOf } from './parts.ts';
import { readCopyFunctionName, readSettings } from './settings.ts';
import {
  alertChannelOf,
  environmentsNotifierOf,
  leftOutNotifierOf,
  notifierOf,
  sweepDepsOf,
  tenantsNotifierOf,
} from './sweep-parts.ts';

const requestSchema = z.strictObject({
  mode: z.enum(['sweep', 'watch']).default('sweep'),
  at: z.iso.datetime({ offset: true }).optional(),
  dryRun: z.boolean().optional(),
});

/** Reads what the function was invoked with; throws an `Error` that says what is wrong. A run as of a moment is dry by default. */
export function parseRequest(event: unknown): SweepRequest {
  const parsed = requestSchema.safeParse(event ?? {});
  if (!parsed.success) {
    throw new Error(`not a request for a sweep, e.g. {} or {"mode":"watch"}: ${z.prettifyError(parsed.error)}`);
  }
  const { mode, at, dryRun = at !== undefined } = parsed.data;
  return { mode, dryRun, ...(at !== undefined && { at: new Date(at) }) };
}

/** The daily sweep (`{}`), the watch (`{"mode":"watch"}`), or one by hand; answers with its report. */
export const handler = onFirstCall(() => {
  const settings = readSettings(process.env);
  const ledger = ledgerOf(settings);
  const config = readConfig(settings);
  const readers = readersOf(settings);
  const channel = alertChannelOf(settings, config.fleet);
  const copyFunctionName = readCopyFunctionName(process.env);
  const triggerCopies = async () => (await import('./trigger-copies.ts')).triggerCopies(copyFunctionName);
  return async (event: unknown, context: { getRemainingTimeInMillis(): number }): Promise<SweepReport> => {
    const request = parseRequest(event);
    const run = await runRequest(
      {
        ...sweepDepsOf(config, ledger, readers, () => context.getRemainingTimeInMillis()),
        notify: notifierOf(config, ledger, channel),
        notifyOfLeftOut: leftOutNotifierOf(config, channel),
        notifyOfTenants: tenantsNotifierOf(config, channel),
        notifyOfEnvironments: environmentsNotifierOf(config, channel),
        undelivered: readers.undelivered,
        triggerCopies,
      },
      request,
    );
    const { report } = run;
    const { databases: _, ...summary } = report;
    log.info(`${report.mode} done`, { ...summary, dryRun: request.dryRun });
    if (request.dryRun) return report;
    // A watch has no metrics.
    if (report.mode === 'sweep') (await import('./metrics.ts')).publishSweepMetrics(run);
    const errors = await publishDay({ ledger, ledgerName: settings.ledgerTable, fleet: config.fleet, ...channel }, run);
    for (const error of errors) log.error(error);
    return { ...report, errors: [...report.errors, ...errors] };
  };
});
