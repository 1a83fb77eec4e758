/** All commands, in the order of help and documentation. */
import type { Command } from '../command.ts';
import { alertAck } from './alert-ack.ts';
import { alertSnooze } from './alert-snooze.ts';
import { alerts } from './alerts.ts';
import { backups } from './backups.ts';
import { configCheck } from './config-check.ts';
import { configFromEnvironment } from './config-from-env.ts';
import { configPlan } from './config-plan.ts';
import { copies } from './copies.ts';
import { copyCancel } from './copy-cancel.ts';
import { copyRetry } from './copy-retry.ts';
import { database } from './database.ts';
import { doctor } from './doctor.ts';
import { eventsMissed } from './events-missed.ts';
import { evidence } from './evidence.ts';
import { report } from './report.ts';
import { status } from './status.ts';
import { sweep } from './sweep.ts';
import { tenant } from './tenant.ts';

export const commands: readonly Command[] = [
  status,
  tenant,
  database,
  backups,
  alerts,
  alertAck,
  alertSnooze,
  copies,
  copyRetry,
  copyCancel,
  sweep,
  eventsMissed,
  evidence,
  report,
  configCheck,
  configPlan,
  configFromEnvironment,
  doctor,
];
