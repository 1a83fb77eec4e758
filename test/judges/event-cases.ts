/** Events as AWS sends them, and which of our patterns are to match each. */

interface EventCase {
  readonly what: string;
  readonly event: object;
  /** As `patternsOf` names them. */
  readonly to: readonly string[];
}

const account = '123456789012';
const region = 'eu-west-1';
const record = ['RecordEventsRule'];
const exportEnds = ['CopyBackupsExportEnds'];
const backupJobs = ['RecordEventsBackupJobsRule'];

/** As in the samples of the Amazon RDS User Guide, "Overview of events for Amazon RDS". */
function rds(id: string, type: 'SNAPSHOT' | 'CLUSTER_SNAPSHOT' | 'DB_INSTANCE' | 'CLUSTER', more: object = {}): object {
  const [name, resource] = {
    SNAPSHOT: ['DB Snapshot', 'snapshot:rds:orders-2026-11-23-04-08'],
    CLUSTER_SNAPSHOT: ['DB Cluster Snapshot', 'cluster-snapshot:rds:billing-2026-11-23-04-08'],
    DB_INSTANCE: ['DB Instance', 'db:orders'],
    CLUSTER: ['DB Cluster', 'cluster:billing'],
  }[type] as [string, string];
  const arn = `arn:aws:rds:${region}:${account}:${resource}`;
  return {
    version: '0',
    id: '844e2571-85d4-695f-b930-0153b71dcb42',
    'detail-type': `RDS ${name} Event`,
    source: 'aws.rds',
    account,
    time: '2026-11-23T04:32:04Z',
    region,
    resources: [arn],
    detail: {
      EventCategories: ['creation'],
      SourceType: type,
      SourceArn: arn,
      Date: '2026-11-23T04:32:04.047Z',
      Message: 'Automated snapshot created',
      SourceIdentifier: resource.replace(/^[a-z-]+:/, ''),
      EventID: `RDS-EVENT-${id}`,
    },
    ...more,
  };
}

/** As in the samples of the AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge". */
function job(kind: 'Backup' | 'Copy' | 'Restore', state: object): object {
  const resourceArn = `arn:aws:rds:${region}:${account}:db:orders`;
  return {
    version: '0',
    id: '710b0398-d48e-f3c3-afca-cfeb2fdaa656',
    'detail-type': `${kind} Job State Change`,
    source: 'aws.backup',
    account,
    time: '2026-11-23T05:00:04Z',
    region,
    resources: [],
    detail: { [`${kind.toLowerCase()}JobId`]: '34176239', resourceArn, resourceType: 'RDS', ...state },
  };
}

/** A change of a backup's row, as DynamoDB's stream has it. */
function change(eventName: 'INSERT' | 'MODIFY' | 'REMOVE', from: string | undefined, to: string | undefined): object {
  const image = (state: string) => ({
    pk: { S: 'DB#123456789012/eu-west-1/db-A' },
    backupFacts: { M: { engine: { S: 'postgres' }, copy: { M: { mode: { S: 'export' }, state: { S: state } } } } },
  });
  return {
    eventID: '1',
    eventName,
    eventSource: 'aws:dynamodb',
    awsRegion: region,
    dynamodb: { ...(from && { OldImage: image(from) }), ...(to && { NewImage: image(to) }) },
  };
}

export const eventCases: readonly EventCase[] = [
  { what: 'an automated snapshot', event: rds('0091', 'SNAPSHOT'), to: record },
  { what: 'a manual snapshot', event: rds('0042', 'SNAPSHOT'), to: record },
  { what: 'a copied snapshot', event: rds('0197', 'SNAPSHOT'), to: record },
  { what: 'an automated cluster snapshot', event: rds('0169', 'CLUSTER_SNAPSHOT'), to: record },
  { what: 'a snapshot being created', event: rds('0090', 'SNAPSHOT'), to: record },
  { what: 'a deleted snapshot', event: rds('0041', 'SNAPSHOT'), to: record },
  { what: 'backups switched off', event: rds('0028', 'DB_INSTANCE'), to: record },
  { what: 'a stopped cluster', event: rds('0150', 'CLUSTER'), to: record },
  { what: 'a lost key', event: rds('0419', 'DB_INSTANCE'), to: record },
  { what: 'the end of an export', event: rds('0161', 'SNAPSHOT'), to: exportEnds },
  { what: 'the failure of a cluster export', event: rds('0162', 'CLUSTER_SNAPSHOT'), to: exportEnds },
  { what: 'an option group, in the category of backups', event: rds('0086', 'DB_INSTANCE'), to: [] },
  { what: 'the beginning of a backup', event: rds('0001', 'DB_INSTANCE'), to: [] },
  { what: 'a table of an export', event: rds('0484', 'SNAPSHOT'), to: [] },
  { what: "another account's snapshot", event: rds('0091', 'SNAPSHOT', { account: '210987654321' }), to: [] },
  { what: "another service's event", event: rds('0091', 'SNAPSHOT', { source: 'aws.docdb' }), to: [] },
  { what: "an application's event", event: rds('0091', 'SNAPSHOT', { source: 'com.example.rds' }), to: [] },
  { what: 'an event without an id', event: rds('0091', 'SNAPSHOT', { detail: { SourceType: 'SNAPSHOT' } }), to: [] },
  { what: 'a failed backup job', event: job('Backup', { state: 'FAILED' }), to: backupJobs },
  { what: 'a completed backup job', event: job('Backup', { state: 'COMPLETED' }), to: backupJobs },
  { what: 'an expired backup job', event: job('Backup', { state: 'EXPIRED' }), to: backupJobs },
  { what: 'a completed copy job', event: job('Copy', { state: 'COMPLETED' }), to: backupJobs },
  { what: 'a running backup job', event: job('Backup', { state: 'RUNNING' }), to: [] },
  { what: 'a backup job with a status', event: job('Backup', { status: 'COMPLETED' }), to: [] },
  {
    what: 'a completed restore job',
    event: job('Restore', { status: 'COMPLETED' }),
    to: ['RecordEventsRestoreJobsRule'],
  },
  { what: 'a running restore job', event: job('Restore', { status: 'RUNNING' }), to: [] },
  { what: 'a backup whose copy is wanted', event: change('INSERT', undefined, 'queued'), to: ['CopyBackupsStream 1'] },
  { what: 'a backup that is not copied', event: change('INSERT', undefined, 'none'), to: [] },
  { what: 'a copy that is tried again', event: change('MODIFY', 'failed', 'queued'), to: ['CopyBackupsStream 2'] },
  { what: 'a copy that ended', event: change('MODIFY', 'running', 'complete'), to: ['CopyBackupsStream 3'] },
  {
    what: 'a copy that was cancelled in the queue',
    event: change('MODIFY', 'queued', 'cancelled'),
    to: ['CopyBackupsStream 3'],
  },
  { what: 'a copy that began', event: change('MODIFY', 'queued', 'starting'), to: [] },
  { what: 'a copy that goes on', event: change('MODIFY', 'starting', 'running'), to: [] },
  { what: 'a copy that went back to the queue', event: change('MODIFY', 'starting', 'queued'), to: [] },
  { what: 'a row that expired', event: change('REMOVE', 'complete', undefined), to: [] },
  {
    what: 'a row of a database',
    event: { ...change('MODIFY', undefined, undefined), dynamodb: { NewImage: { databaseFacts: { M: {} } } } },
    to: [],
  },
];
