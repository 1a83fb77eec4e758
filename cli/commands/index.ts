/** All commands, in the order of help and documentation. */
import type { Command } from '../command.ts';
import { alertAck } from './alert-ack.ts';
import { alertSnooze } from './alert-snooze.ts';
import { alerts } from './alerts.ts';
import { backups } from './backups.ts';
import { database } from './database.ts';
import { status } from './status.ts';
import { tenant } from './tenant.ts';

export const commands: readonly Command[] = [status, tenant, database, backups, alerts, alertAck, alertSnooze];
