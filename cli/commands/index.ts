/** All commands, in the order of help and documentation. Each is loaded when it is used: its libraries take time. */
import type { Command } from '../command.ts';

export interface Entry {
  /** Its words, e.g. `alert ack`. */
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

export const commands: readonly Entry[] = [
  {
    name: 'status',
    summary: 'is everybody protected, who is not, and do sweep and watch run',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'tenant',
    summary: "a tenant's databases: newest backup, age, deadline, verdict, reason, copy",
    load: async () => (await import('./tenant.ts')).tenant,
  },
  {
    name: 'database',
    summary: 'one database: its backups over time with their copies, its alerts, its verdicts by day',
    load: async () => (await import('./database.ts')).database,
  },
  {
    name: 'backups',
    summary: 'any slice of backups, newest first',
    load: async () => (await import('./backups.ts')).backups,
  },
  {
    name: 'alerts',
    summary: 'what was handed to SNS for whom, and when',
    load: async () => (await import('./alerts.ts')).alerts,
  },
  {
    name: 'alert ack',
    summary: 'acknowledge an open alert: no reminders until it gets worse or is resolved',
    load: async () => (await import('./alert-ack.ts')).alertAck,
  },
  {
    name: 'alert snooze',
    summary: 'silence an open alert until a moment, unless it gets worse',
    load: async () => (await import('./alert-snooze.ts')).alertSnooze,
  },
  {
    name: 'copies',
    summary: 'the queue of copies: what runs, what waits (position and expected start), what failed',
    load: async () => (await import('./copies.ts')).copies,
  },
  {
    name: 'copy retry',
    summary:
      'queue again a copy that failed, was skipped, cancelled or never wanted, or all failed copies of a selection',
    load: async () => (await import('./copy-retry.ts')).copyRetry,
  },
  {
    name: 'copy cancel',
    summary: 'take a copy out of the queue, or stop the export that runs',
    load: async () => (await import('./copy-cancel.ts')).copyCancel,
  },
  {
    name: 'sweep',
    summary: 'run a sweep now and print its report',
    load: async () => (await import('./sweep.ts')).sweep,
  },
  {
    name: 'events missed',
    summary: 'backups that no event announced, by day',
    load: async () => (await import('./events-missed.ts')).eventsMissed,
  },
  {
    name: 'evidence',
    summary: 'for an auditor: was there a backup within the promised time, per database and day',
    load: async () => (await import('./evidence.ts')).evidence,
  },
  {
    name: 'report',
    summary: 'the report page: who is protected, the backup calendar, copies, attainment per tenant',
    load: async () => (await import('./report.ts')).report,
  },
  {
    name: 'config check',
    summary: 'all mistakes of a configuration at once, before anything is deployed',
    load: async () => (await import('./config-check.ts')).configCheck,
  },
  {
    name: 'config plan',
    summary: 'what would be deployed, copied and paid',
    load: async () => (await import('./config-plan.ts')).configPlan,
  },
  {
    name: 'config from-env',
    summary:
      "a configuration made of the usual tutorial's variables (DB_INSTANCE_IDENTIFIER_1, S3_BUCKET_NAME_1, SNS_TOPIC_ARN)",
    load: async () => (await import('./config-from-env.ts')).configFromEnvironment,
  },
  {
    name: 'spoke-template',
    summary: 'the CloudFormation template of a spoke, for those who roll out by StackSets',
    load: async () => (await import('./spoke-template.ts')).spokeTemplateCommand,
  },
  {
    name: 'doctor',
    summary: 'what is wrong with the deployment, and what to do about it',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];
