/** The scenario table: every situation that the product tells apart, by theme. */
import { age } from './age.ts';
import { alerts } from './alerts.ts';
import { backupJobs } from './backup-jobs.ts';
import { causes } from './causes.ts';
import { counts } from './counts.ts';
import { kinds } from './kinds.ts';
import { life } from './life.ts';
import type { Scenario } from './scenario.ts';
import { shared } from './shared.ts';
import { states } from './states.ts';
import { stops } from './stops.ts';

export const themes: readonly { readonly name: string; readonly scenarios: readonly Scenario[] }[] = [
  { name: '24 hours, and the backup window', scenarios: age },
  { name: 'What counts as a backup', scenarios: counts },
  { name: 'Why no backup came, or none will', scenarios: causes },
  { name: 'Stopped and started', scenarios: stops },
  { name: 'States that prevent backups, and what is about to change', scenarios: states },
  { name: 'Jobs of AWS Backup', scenarios: backupJobs },
  { name: 'AWS Backup, replicas, clusters', scenarios: kinds },
  { name: 'New, gone, renamed, excluded, not to be seen', scenarios: life },
  { name: 'Shared databases, and each of their tenants', scenarios: shared },
  { name: 'The life of an alert', scenarios: alerts },
];
