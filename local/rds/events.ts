import { between, oneOf, type Random, uuid } from './randomness.ts';

/** An RDS event as EventBridge hands it to its targets. */
export interface RdsEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: 'aws.rds';
  readonly account: string;
  /** Whole seconds, as EventBridge writes it. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly EventCategories: readonly string[];
    readonly SourceType: 'DB_INSTANCE' | 'SNAPSHOT' | 'CLUSTER' | 'CLUSTER_SNAPSHOT' | 'BLUE_GREEN_DEPLOYMENT';
    readonly SourceArn: string;
    readonly Date: string;
    readonly Message: string;
    readonly SourceIdentifier: string;
    readonly EventID: string;
  };
}

type SourceType = RdsEvent['detail']['SourceType'];

const detailTypes: Record<SourceType, string> = {
  DB_INSTANCE: 'RDS DB Instance Event',
  SNAPSHOT: 'RDS DB Snapshot Event',
  CLUSTER: 'RDS DB Cluster Event',
  CLUSTER_SNAPSHOT: 'RDS DB Cluster Snapshot Event',
  BLUE_GREEN_DEPLOYMENT: 'RDS Blue Green Deployment Event',
};

/** DescribeEvents spells the types of sources in its own way. */
export const describedSourceTypes = {
  DB_INSTANCE: 'db-instance',
  SNAPSHOT: 'db-snapshot',
  CLUSTER: 'db-cluster',
  CLUSTER_SNAPSHOT: 'db-cluster-snapshot',
  BLUE_GREEN_DEPLOYMENT: 'blue-green-deployment',
} as const satisfies Record<SourceType, string>;

interface EventKind {
  readonly source: SourceType;
  readonly category: string;
  /** One event comes in several wordings, so nobody may rely on one. `{}` stands for a name. */
  readonly messages: readonly [string, ...string[]];
}

const kind = (source: SourceType, category: string, ...messages: [string, ...string[]]): EventKind => ({
  source,
  category,
  messages,
});

/** The events of the RDS User Guide that this simulator emits, by the number in `RDS-EVENT-<number>`. */
export const eventKinds = {
  '0001': kind('DB_INSTANCE', 'backup', 'Backing up DB instance', 'Backing up DB instance.'),
  '0002': kind('DB_INSTANCE', 'backup', 'Finished DB Instance backup', 'Finished DB instance backup.'),
  '0003': kind('DB_INSTANCE', 'deletion', 'DB instance deleted', 'The DB instance has been deleted.'),
  '0007': kind(
    'DB_INSTANCE',
    'low storage',
    'Allocated storage has been exhausted. Allocate additional storage to resolve.',
  ),
  '0031': kind('DB_INSTANCE', 'failure', 'DB instance put into failed state.'),
  '0035': kind('DB_INSTANCE', 'failure', 'Database instance put into incompatible-parameters.'),
  '0036': kind('DB_INSTANCE', 'failure', 'Database instance in incompatible-network.'),
  '0221': kind(
    'DB_INSTANCE',
    'availability',
    'DB instance has reached the storage-full threshold, and the database has been shut down.',
  ),
  '0285': kind('DB_INSTANCE', 'failure', "RDS Custom couldn't create a final snapshot for the DB instance."),
  '0418': kind(
    'DB_INSTANCE',
    'failure',
    'Amazon RDS is unable to access the KMS encryption key for database instance {}.',
  ),
  '0419': kind(
    'DB_INSTANCE',
    'availability',
    'Amazon RDS has been unable to access the KMS encryption key for database instance {}.',
  ),
  '0420': kind(
    'DB_INSTANCE',
    'failure',
    'Amazon RDS can now successfully access the KMS encryption key for database instance {}.',
  ),
  '0028': kind('DB_INSTANCE', 'configuration change', 'Automatic backups for this DB instance have been disabled.'),
  '0032': kind('DB_INSTANCE', 'configuration change', 'Automatic backups for this DB instance have been enabled.'),
  '0087': kind('DB_INSTANCE', 'notification', 'DB instance stopped', 'The DB instance has been stopped.'),
  '0088': kind('DB_INSTANCE', 'notification', 'DB instance started', 'The DB instance has been started.'),
  '0154': kind(
    'DB_INSTANCE',
    'notification',
    'DB instance is being started due to it exceeding the maximum allowed time being stopped.',
  ),
  '0040': kind('SNAPSHOT', 'creation', 'Creating manual snapshot', 'A manual DB snapshot is being created.'),
  '0041': kind('SNAPSHOT', 'deletion', 'Deleted user snapshot', 'A DB snapshot has been deleted.'),
  '0042': kind('SNAPSHOT', 'creation', 'Manual snapshot created', 'A manual DB snapshot has been created.'),
  '0059': kind('SNAPSHOT', 'notification', 'Started copy of snapshot {} from another Region.'),
  '0060': kind('SNAPSHOT', 'notification', 'Finished copy of snapshot {} from another Region.'),
  '0090': kind('SNAPSHOT', 'creation', 'Creating automated snapshot', 'An automated DB snapshot is being created.'),
  '0091': kind('SNAPSHOT', 'creation', 'Automated snapshot created', 'An automated DB snapshot has been created.'),
  '0159': kind('SNAPSHOT', 'notification', 'The snapshot export task failed.', 'DB snapshot export task failed'),
  '0160': kind('SNAPSHOT', 'notification', 'The snapshot export task was canceled.'),
  '0161': kind('SNAPSHOT', 'notification', 'The snapshot export task completed.', 'DB snapshot export completed'),
  '0196': kind('SNAPSHOT', 'notification', 'Started copy of snapshot {} in the same Region.'),
  '0197': kind('SNAPSHOT', 'notification', 'Finished copy of snapshot {} in the same Region.'),
  '0484': kind('SNAPSHOT', 'failure', 'Export of table {} failed.'),
  '0150': kind('CLUSTER', 'notification', 'DB cluster stopped', 'The DB cluster has been stopped.'),
  '0151': kind('CLUSTER', 'notification', 'DB cluster started', 'The DB cluster has been started.'),
  '0152': kind('CLUSTER', 'notification', 'DB cluster stop failed.'),
  '0153': kind(
    'CLUSTER',
    'notification',
    'DB cluster is being started due to it exceeding the maximum allowed time being stopped.',
  ),
  '0171': kind('CLUSTER', 'deletion', 'DB cluster deleted', 'The DB cluster has been deleted.'),
  '0172': kind('CLUSTER', 'notification', 'Renamed cluster from {}.'),
  '0074': kind('CLUSTER_SNAPSHOT', 'backup', 'Creating manual cluster snapshot', 'Creating manual cluster snapshot.'),
  '0075': kind('CLUSTER_SNAPSHOT', 'backup', 'Manual cluster snapshot created', 'Manual cluster snapshot created.'),
  '0168': kind('CLUSTER_SNAPSHOT', 'backup', 'Creating automated cluster snapshot.'),
  '0169': kind(
    'CLUSTER_SNAPSHOT',
    'backup',
    'Automated cluster snapshot created',
    'Automated cluster snapshot created.',
  ),
  '0162': kind('CLUSTER_SNAPSHOT', 'notification', 'The cluster snapshot export task failed.'),
  '0163': kind('CLUSTER_SNAPSHOT', 'notification', 'The cluster snapshot export task was canceled.'),
  '0164': kind('CLUSTER_SNAPSHOT', 'notification', 'The cluster snapshot export task completed.'),
  '0489': kind('CLUSTER_SNAPSHOT', 'failure', 'Export of table {} failed.'),
  '0248': kind('BLUE_GREEN_DEPLOYMENT', 'notification', 'Switchover completed on blue/green deployment.'),
  '0251': kind('BLUE_GREEN_DEPLOYMENT', 'notification', 'Switchover from primary {} completed.'),
} as const satisfies Record<string, EventKind>;

export type EventNumber = keyof typeof eventKinds;

export interface Subject {
  readonly id: string;
  readonly arn: string;
}

export function rdsEvent(
  place: { account: string; region: string },
  number: EventNumber,
  subject: Subject,
  at: Date,
  random: Random,
  named = subject.id,
): RdsEvent {
  const { source, category, messages } = eventKinds[number];
  return {
    version: '0',
    id: uuid(random),
    'detail-type': detailTypes[source],
    source: 'aws.rds',
    account: place.account,
    time: `${at.toISOString().slice(0, 19)}Z`,
    region: place.region,
    resources: [subject.arn],
    detail: {
      EventCategories: [category],
      SourceType: source,
      SourceArn: subject.arn,
      Date: at.toISOString(),
      Message: oneOf(random, messages).replace('{}', named),
      SourceIdentifier: subject.id,
      EventID: `RDS-EVENT-${number}`,
    },
  };
}

/** How EventBridge delivers one event: a delay in seconds for each time that it arrives. None means that it is lost. */
export type Delivery = (event: RdsEvent, random: Random) => readonly number[];

export const promptDelivery: Delivery = () => [0];

/** Best effort at its worst. Each chance is in [0, 1]; events whose delays cross arrive in another order. */
export function flakyDelivery(trouble: {
  lost?: number;
  doubled?: number;
  late?: number;
  lateMinutes?: number;
  jitterSeconds?: number;
}): Delivery {
  const { lost = 0, doubled = 0, late = 0, lateMinutes = 60, jitterSeconds = 0 } = trouble;
  const delay = (random: Random) =>
    random() < late ? between(random, 0, lateMinutes * 60) : between(random, 0, jitterSeconds);
  return (_event, random) => {
    if (random() < lost) return [];
    return random() < doubled ? [delay(random), delay(random)] : [delay(random)];
  };
}

/** An event of RDS, or of AWS Backup. */
export type AnnouncedEvent = Omit<RdsEvent, 'source' | 'detail'> & {
  readonly source: 'aws.rds' | 'aws.backup';
  readonly detail: object;
};

/** The entry with which an event is put on a bus by EventBridge's PutEvents. */
export function toPutEventsEntry(event: AnnouncedEvent) {
  return {
    Source: event.source,
    DetailType: event['detail-type'],
    Time: new Date(event.time),
    Resources: [...event.resources],
    Detail: JSON.stringify(event.detail),
  };
}
