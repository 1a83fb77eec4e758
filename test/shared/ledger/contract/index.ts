import { describe } from 'vitest';
import { alertsContract } from './alerts.ts';
import { backupsContract } from './backups.ts';
import { copiesContract } from './copies.ts';
import { databasesContract } from './databases.ts';
import { evidenceContract } from './evidence.ts';
import type { MakeLedger } from './given.ts';
import { versionsContract } from './versions.ts';

export type { MakeLedger, OnTable } from './given.ts';

/** The promises of `ledger.ts`, to which each ledger is held. */
export function ledgerContract(make: MakeLedger): void {
  describe('backups', () => backupsContract(make));
  describe('copies', () => copiesContract(make));
  describe('databases', () => databasesContract(make));
  describe('alerts', () => alertsContract(make));
  describe('days and sweeps', () => evidenceContract(make));
  describe('versions side by side', () => versionsContract(make));
}
