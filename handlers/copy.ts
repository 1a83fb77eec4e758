import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { RDSClient } from '@aws-sdk/client-rds';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { Fleet } from '../shared/config/index.ts';
import {
  type CopyTrigger,
  type EnvironmentPass,
  leftOutError,
  type WorkReport,
  workOnCopies,
} from '../shared/copies/index.ts';
import { backupIdOf, type Environment, formatBackupId } from '../shared/domain/index.ts';
import { backupOfKey } from '../shared/ledger/index.ts';
import { eventSource } from '../shared/rds/index.ts';
import { clientsBy } from './environment-clients.ts';
import { exportSettingsIn, readExportSettings } from './export-settings.ts';
import { publishCopyMetrics } from './metrics.ts';
import { onFirstCall } from './on-first-call.ts';
import { ledgerOf, log, now, publisherOf, readConfig } from './parts.ts';
import { readSettings } from './settings.ts';

/** Time kept back at a run's end for the last writes and messages. */
const reserveMs = 30_000;

const triggerSchema = z.union([
  // Changes of the ledger's rows.
  z.object({
    Records: z.array(
      z.object({
        dynamodb: z.object({ Keys: z.object({ pk: z.object({ S: z.string() }), sk: z.object({ S: z.string() }) }) }),
      }),
    ),
  }),
  // The end of an export: the event names the snapshot, not the task.
  z.object({
    source: z.literal('aws.rds'),
    account: z.string().optional(),
    region: z.string().optional(),
    detail: z.object({ SourceArn: z.string() }),
  }),
  // The watch, the sweep, or somebody by hand.
  z.strictObject({}),
]);

/** Reads what triggered the function; throws an `Error` that says what is wrong. */
export function parseTrigger(event: unknown): CopyTrigger {
  const parsed = triggerSchema.safeParse(event ?? {});
  if (!parsed.success) {
    throw new Error(
      `not a trigger of copies (changes of the ledger, the end of an export, or {}): ${z.prettifyError(parsed.error)}`,
    );
  }
  const { data } = parsed;
  if ('Records' in data) {
    return {
      backups: data.Records.flatMap(({ dynamodb: { Keys } }) => backupOfKey({ pk: Keys.pk.S, sk: Keys.sk.S }) ?? []),
    };
  }
  if (!('source' in data)) return {};
  const { SourceArn } = data.detail;
  eventSource(SourceArn, data);
  return { exportsEnded: [SourceArn] };
}

/** Starts and follows copies: triggered by the ledger's stream, by exports that ended, and by the watch. */
export const handler = onFirstCall(() => {
  const settings = readSettings(process.env);
  const exports = readExportSettings(process.env);
  const { fleet } = readConfig(settings);
  const ledger = ledgerOf(settings);
  const rds = clientsBy(
    settings,
    'copier',
    (place) => new RDSClient({ ...place, retryMode: 'adaptive', maxAttempts: 6 }),
  );
  const s3 = clientsBy(settings, 'copier', async (place) => (await import('./copy-s3.ts')).s3Client(place));
  const publisher = publisherOf(settings, fleet);
  return async (event: unknown, context: Pick<Context, 'getRemainingTimeInMillis'>): Promise<void> => {
    const trigger = parseTrigger(event);
    const report = await workOnCopies(
      {
        ledger,
        partsIn: (environment) => ({
          rds: rds(environment),
          s3: () => s3(environment),
          ...exportSettingsIn(environment, settings, exports),
        }),
        fleet,
        notify: async (tenant, backups, at) => {
          const { composeCopyMessages, messageContext } = await import('./copy-messages.ts');
          for (const message of composeCopyMessages(tenant, backups, messageContext(fleet, at))) {
            await publisher.publish(message);
          }
        },
        notifyOfPause: async (paused, copies, at) => {
          const { composeCopiesPaused, messageContext } = await import('./copy-messages.ts');
          await publisher.publish(composeCopiesPaused({ pause: paused, ...copies }, messageContext(fleet, at)));
        },
        holder: randomUUID(),
        pause: async (ms) => {
          await pause(ms);
        },
        remainingMs: () => context.getRemainingTimeInMillis() - reserveMs,
        clock: now,
      },
      now(),
      trigger,
    );
    for (const pass of report.environments) {
      if (report.environments.length === 1 || !isIdle(pass)) log.info('copies checked', summaryOf(pass));
      if (pass.refused) log.warn('nothing can be copied in an account and Region', placeOf(pass.environment));
    }
    for (const environment of report.unlisted) {
      log.warn('copies wait in an account and Region that are not configured', placeOf(environment));
    }
    publishCopyMetrics(report, fleet, now());
    if (failsRun(report, fleet)) throw leftOutError(report.errors);
    for (const error of report.errors) log.error('copies are left to the watch', { error });
  };
});

/**
 * Whether what was left out fails the run, so that Lambda calls it again. A trigger that comes again holds up those behind it,
 * which may be of other environments: where there are several, the next periodic pass does what it would have done.
 */
export function failsRun({ errors, periodic }: WorkReport, { environments }: Pick<Fleet, 'environments'>): boolean {
  return errors.length > 0 && (periodic || environments.length === 1);
}

function placeOf({ account, region }: Environment) {
  return { account, region };
}

function isIdle({ followed, run, ended }: EnvironmentPass): boolean {
  return ended.length + followed.running + followed.retried + run.started + (run.waiting ?? 0) === 0;
}

function summaryOf({ environment, followed, run, ended }: EnvironmentPass) {
  return {
    ...placeOf(environment),
    lease: run.lease,
    started: run.started,
    waiting: run.waiting,
    running: followed.running,
    retried: followed.retried,
    ended: ended.map((row) => ({
      backup: formatBackupId(backupIdOf(row)),
      state: row.copy.state,
      task: row.copy.taskId,
      cause: row.copy.cause?.code,
    })),
  };
}
