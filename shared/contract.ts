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

/**
 * A function's role in the hub. Spokes trust it by name: as a principal, IAM would store its unique id, and a role that is
 * made anew would be a stranger to all of them. IAM is global, so the names of all roles end in their Region.
 */
export function hubRoleName(fn: FunctionName, region: string): string {
  return `${defaultStackName}-${fn}-${region}`;
}

/** Roles of a spoke: what functions assume to read there and to copy there, what RDS exports with, what forwards events. */
export const spokeRoles = ['reader', 'copier', 'export', 'forward'] as const;
export type SpokeRole = (typeof spokeRoles)[number];

/** A role of a spoke. None has a name of the hub's roles, so that a spoke may be deployed beside an earlier hub. */
export function spokeRoleName(role: SpokeRole, region: string): string {
  return `${defaultStackName}-${role}-${region}`;
}

/** The stack of a spoke. */
export function spokeStackName({ account, region }: { readonly account: string; readonly region: string }): string {
  return `${defaultStackName}Spoke-${account}-${region}`;
}

/** The hub's event bus, which spokes forward to. There is one where other environments are configured. */
export const hubBusName = defaultStackName;

/** The rules that forward a spoke's events; the hub has one of each for its own events and one for theirs. */
export const eventRules = ['backups', 'backup-jobs', 'restore-jobs', 'export-ends'] as const;
export type EventRule = (typeof eventRules)[number];

/** A rule's name in a spoke. */
export function forwardRuleName(rule: EventRule): string {
  return `${defaultStackName}-forward-${rule}`;
}

/** The queue of events that a spoke could not forward. */
export const spokeDeadLetterQueueName = `${defaultStackName}-forward-dead-letters`;

/** The key that exports of a spoke are encrypted with. */
export const exportKeyAlias = 'alias/rds-backup-ledger';

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
  /** 1 while copies of an environment wait and none moves: its minimum over hours shows a queue that does not. */
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
