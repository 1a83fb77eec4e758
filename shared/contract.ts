/**
 * Names that deployed parts share. The stack that sets them and the code that reads them both import them from here, so a
 * name that one side changes does not compile on the other. Deployed stacks rely on the values: test/infra/pinned.ts.
 */

/** The stack's name, unless another is chosen. */
export const defaultStackName = 'RdsBackupLedger';

/** Outputs of the stack: how people, scripts and the command line find its parts. */
export const outputNames = [
  'LedgerTableName',
  'AlertTopicArn',
  'RecordFunctionName',
  'CopyFunctionName',
  'SweepFunctionName',
  'RecordDeadLetterQueueUrl',
  'ReportBucketName',
] as const;
export type OutputName = (typeof outputNames)[number];

/** Outputs by name, as CloudFormation returns them: a stack that was not deployed to its end lacks some. */
export type StackOutputs = Readonly<Partial<Record<OutputName, string>>>;

/** The functions; the name is that of the file in `handlers/`. */
export const functionNames = ['record', 'sweep', 'copy'] as const;
export type FunctionName = (typeof functionNames)[number];

/** The output that holds each function's deployed name. */
export const functionOutputs = {
  record: 'RecordFunctionName',
  sweep: 'SweepFunctionName',
  copy: 'CopyFunctionName',
} as const satisfies Record<FunctionName, OutputName>;

/** Environment variables: those of every function, and those that one function has beside them. */
const settingNames = {
  shared: ['ACCOUNT_ID', 'LEDGER_TABLE', 'ALERT_TOPIC_ARN', 'CONFIG_BUCKET', 'CONFIG_KEY', 'REPORT_BUCKET'],
  record: [],
  sweep: ['COPY_FUNCTION_NAME'],
  copy: ['EXPORT_ROLE_ARN', 'EXPORT_KEY_ARN'],
} as const satisfies Record<'shared' | FunctionName, readonly string[]>;

/** An environment variable of every function (`shared`), or one that only this function has. */
export type SettingName<Of extends keyof typeof settingNames> = (typeof settingNames)[Of][number];

/** The environment of a function, as the stack sets it. */
export type FunctionSettings<Of extends FunctionName> = Readonly<Record<SettingName<'shared' | Of>, string>>;

/** An environment as a function or the command line finds it: every variable may be missing. */
export type FoundSettings = Readonly<Partial<Record<SettingName<keyof typeof settingNames>, string>>>;

/** Input of a scheduled run; an empty one is the daily sweep. */
export const sweepInputs = { daily: {}, watch: { mode: 'watch' } } as const;

/** Namespace and dimensions of the metrics that functions write into their logs. */
export const metricsNamespace = 'RdsBackupLedger';
export const metricsDimensions = { service: 'rds-backup-ledger' } as const;

interface MetricContract {
  readonly unit: 'Count';
  readonly emittedBy: FunctionName;
  /** `alarm`: an alarm of the stack watches it. `people`: it is for dashboards, and no alarm watches it on purpose. */
  readonly readBy: 'alarm' | 'people';
}

/** Metrics that functions emit. */
export const metrics = {
  /** 1 for each sweep that evaluated everything. */
  SweepHeartbeat: { unit: 'Count', emittedBy: 'sweep', readBy: 'alarm' },
  /** Alerts report each of them, and they are the tenants' databases, not the stack's health. */
  UnprotectedDatabases: { unit: 'Count', emittedBy: 'sweep', readBy: 'people' },
  /** The digest reports them, and the sweep has recorded what they announced. */
  EventsMissed: { unit: 'Count', emittedBy: 'sweep', readBy: 'people' },
  CopiesEnded: { unit: 'Count', emittedBy: 'copy', readBy: 'people' },
  /** Those that people are notified of. */
  CopiesFailed: { unit: 'Count', emittedBy: 'copy', readBy: 'alarm' },
  /** A long queue alone is no failure: the age of its oldest copy rings. */
  CopiesQueued: { unit: 'Count', emittedBy: 'copy', readBy: 'people' },
  /** 1 while copies wait and none ended: its minimum over hours shows a queue that does not move. */
  CopiesStalled: { unit: 'Count', emittedBy: 'copy', readBy: 'alarm' },
  /** Hours. */
  OldestQueuedCopyHours: { unit: 'Count', emittedBy: 'copy', readBy: 'alarm' },
} as const satisfies Record<string, MetricContract>;

export type MetricName = keyof typeof metrics;

/** The metrics that one function emits. */
export type MetricOf<Emitter extends FunctionName> = {
  [Name in MetricName]: (typeof metrics)[Name]['emittedBy'] extends Emitter ? Name : never;
}[MetricName];

/** The metrics that an alarm watches. */
export type AlarmedMetric = {
  [Name in MetricName]: (typeof metrics)[Name]['readBy'] extends 'alarm' ? Name : never;
}[MetricName];

/** The stack's alarms. Each has a section of this name in the runbook. */
export const alarmNames = [
  'record failing',
  'record behind',
  'record dead letters',
  'sweep failing',
  'sweep not running',
  'sweep dead letters',
  'watch not running',
  'copy failing',
  'copies failed',
  'copies waiting',
  'copies stalled',
  'copy dead letters',
  'notification dead letters',
  'alerts not delivered',
  'alarms not delivered',
] as const;
export type AlarmName = (typeof alarmNames)[number];

/** The anchor of an alarm's section in the runbook: what Markdown renderers make of a heading. */
export function alarmAnchor(name: AlarmName): string {
  return name.replaceAll(' ', '-');
}

/** What the names of all alarms of a stack begin with in CloudWatch. */
export function alarmPrefix(stack: string): string {
  return `${stack}-`;
}

/** An alarm's name in CloudWatch. */
export function deployedAlarmName(stack: string, name: AlarmName): string {
  return `${alarmPrefix(stack)}${alarmAnchor(name)}`;
}

/** Parts of logical ids by which the command line finds resources that no output names. */
export const constructIds = { alerts: 'Alerts', alarmTopic: 'AlarmTopic', deadLetters: 'DeadLetters' } as const;

/** The service that writes exports: it assumes the role that the copy function passes to it. */
export const exportService = 'export.rds.amazonaws.com';
