/**
 * What deployed stacks, and those who read what they write, rely on. A rename or removal here breaks them: it is a decision
 * (docs/decisions). What a version adds is added here.
 */

/** Names in a text. */
const names = (text: string) => text.trim().split(/\s+/);

export const pinned = {
  /** What CloudFormation knows resources by: another logical id is another table, key, bucket or topic. */
  deployed: {
    logicalIds: {
      'AWS::CloudWatch::Alarm': [
        'AlertsDeadLettersnotificationdeadlettersalarm516FA556',
        'Alertsalarmsnotdeliveredalarm2A2F5DE0',
        'AlertsalertsnotdeliveredalarmA32080FC',
        'CopyBackupsDeadLetterscopydeadlettersalarm26CE9280',
        'CopyBackupscopiesfailedalarm66912FE8',
        'CopyBackupscopiesstalledalarmA0761613',
        'CopyBackupscopieswaitingalarmC55659E1',
        'CopyBackupscopyfailingalarmEAF94E40',
        'RecordEventsDeadLettersrecorddeadlettersalarm2CAEB23C',
        'RecordEventsrecordbehindalarm55CE42DF',
        'RecordEventsrecordfailingalarmA97B814E',
        'SweepDatabasesDeadLetterssweepdeadlettersalarmB7DF1A51',
        'SweepDatabasessweepfailingalarm33D990A2',
        'SweepDatabasessweepnotrunningalarm47004453',
        'SweepDatabaseswatchnotrunningalarmBDBA32EA',
      ],
      'AWS::DynamoDB::GlobalTable': ['LedgerTable9343E4AA'],
      'AWS::Events::Rule': [
        'CopyBackupsExportEndsD9718E1F',
        'RecordEventsBackupJobsRuleB6F92902',
        'RecordEventsRestoreJobsRule296C1AE2',
        'RecordEventsRuleDFC70211',
      ],
      'AWS::IAM::Policy': [
        'ConfigurationCopiedCustomResourcePolicy2E46C522',
        'CopyBackupsCopyRoleDefaultPolicy3AA2B127',
        'CopyBackupsExportRoleDefaultPolicy5FE3EC41',
        'RecordEventsRecordRoleDefaultPolicy0C9D6140',
        'SweepDatabasesSchedulerRoleDefaultPolicyA5057994',
        'SweepDatabasesSweepRoleDefaultPolicy9FE59B26',
      ],
      'AWS::IAM::Role': [
        'AWS679f53fac002430cb0da5b7982bd2287ServiceRoleC1EA0FF2',
        'CopyBackupsCopyRoleF7DA4162',
        'CopyBackupsExportRole196516D1',
        'RecordEventsRecordRole921C7432',
        'SweepDatabasesSchedulerRoleC580D4A6',
        'SweepDatabasesSweepRole60F671F5',
      ],
      'AWS::KMS::Key': ['Key961B73FD'],
      'AWS::Lambda::EventInvokeConfig': [
        'CopyBackupsCopyFunctionEventInvokeConfigD5F70BDA',
        'SweepDatabasesSweepFunctionEventInvokeConfig69A5D738',
      ],
      'AWS::Lambda::EventSourceMapping': ['CopyBackupsStream3D9C27B5', 'RecordEventsMapping8FA36F0D'],
      'AWS::Lambda::Function': [
        'AWS679f53fac002430cb0da5b7982bd22872D164C4C',
        'CopyBackupsCopyFunctionCFDB0B0B',
        'RecordEventsRecordFunction51504AF8',
        'SweepDatabasesSweepFunction376AA3DD',
      ],
      'AWS::Lambda::Permission': [
        'CopyBackupsExportEndsAllowEventRuleRdsBackupLedgerCopyBackupsCopyFunctionE2677D1E48B26BD3',
      ],
      'AWS::Logs::LogGroup': [
        'ConfigurationLogs0D8081B1',
        'CopyBackupsCopyLogs405033A4',
        'RecordEventsRecordLogs2A61A8F3',
        'SweepDatabasesSweepLogs77DB1B07',
      ],
      'AWS::S3::Bucket': [
        'BucketsConfigurations8A469D28',
        'BucketsAccessLogsA5F88218',
        'BucketsReportsE712E931',
        'Bucketsrdsbackupledgerorders123456789012euwest1728F43A6',
        'Bucketsrdsbackupledgershared123456789012euwest1A93DA19B',
      ],
      'AWS::S3::BucketPolicy': [
        'BucketsConfigurationsPolicy28E8F7AB',
        'BucketsAccessLogsPolicy7A0117B8',
        'BucketsReportsPolicyC559D069',
        'Bucketsrdsbackupledgerorders123456789012euwest1Policy0A49A6A4',
        'Bucketsrdsbackupledgershared123456789012euwest1Policy6F500803',
      ],
      'AWS::SNS::Subscription': [
        'Alertsalarmstoemailoncallexamplecom8264EC71',
        'Alertsalertstoemailoncallexamplecom5203FEC3',
        'Alertsalertstosqsarnawssqseuwest1123456789012alertsE646EE41',
      ],
      'AWS::SNS::Topic': ['AlertsAlarmTopic2B65AC97', 'AlertsTopicCF7C81C9'],
      'AWS::SNS::TopicPolicy': ['AlertsAlarmTopicPolicy1BB87FF8', 'AlertsTopicPolicyFF1F97BA'],
      'AWS::SQS::Queue': [
        'AlertsDeadLettersQueueC9EE662F',
        'CopyBackupsDeadLettersQueueAAD34BED',
        'RecordEvents24CB8044',
        'RecordEventsDeadLettersQueueB3A3D36D',
        'SweepDatabasesDeadLettersQueue9066A6D4',
      ],
      'AWS::SQS::QueuePolicy': [
        'AlertsDeadLettersQueuePolicyD25E3EC7',
        'CopyBackupsDeadLettersQueuePolicy593EC205',
        'RecordEventsDeadLettersQueuePolicy10278209',
        'RecordEventsPolicyF3B9515D',
        'SweepDatabasesDeadLettersQueuePolicy5F82D6D3',
      ],
      'AWS::Scheduler::Schedule': ['SweepDatabasesDaily41C00FB0', 'SweepDatabasesWatchA3D828D9'],
      'Custom::DeployedConfiguration': ['ConfigurationCopied29B0E4C5'],
    },
    buckets: ['rds-backup-ledger-orders-123456789012-eu-west-1', 'rds-backup-ledger--shared-123456789012-eu-west-1'],
    alarms: names(`
      RdsBackupLedger-copies-failed RdsBackupLedger-copies-stalled RdsBackupLedger-copies-waiting
      RdsBackupLedger-alarms-not-delivered RdsBackupLedger-alerts-not-delivered RdsBackupLedger-notification-dead-letters
      RdsBackupLedger-copy-dead-letters RdsBackupLedger-copy-failing RdsBackupLedger-record-behind
      RdsBackupLedger-record-dead-letters RdsBackupLedger-record-failing RdsBackupLedger-sweep-dead-letters
      RdsBackupLedger-sweep-failing RdsBackupLedger-sweep-not-running RdsBackupLedger-watch-not-running
    `),
    hub: {
      bus: 'RdsBackupLedger',
      logicalIds: {
        'AWS::Events::EventBus': ['BusEA82B648'],
        'AWS::Events::EventBusPolicy': ['BuscdkSpokesB831D9DA'],
        'AWS::Events::Rule': [
          'RecordEventsForwardedRuleA17DC180',
          'RecordEventsForwardedBackupJobsRule7B5EC78F',
          'RecordEventsForwardedRestoreJobsRuleDD00C9EC',
          'CopyBackupsForwardedExportEndsA709820D',
        ],
        'AWS::Lambda::Permission': [
          'CopyBackupsForwardedExportEndsAllowEventRuleRdsBackupLedgerCopyBackupsCopyFunctionE2677D1E79A30046',
        ],
      },
    },
    spoke: {
      stack: 'RdsBackupLedgerSpoke-222222222222-us-east-1',
      logicalIds: {
        'AWS::IAM::Role': [
          'ForwardingRole434B212C',
          'ReaderRole6150FC74',
          'CopiesExportRole644BF3AF',
          'CopiesCopierRoleA98D0794',
        ],
        'AWS::IAM::Policy': [
          'ForwardingRoleDefaultPolicyCADD92CF',
          'ReaderRoleDefaultPolicyF70EDFD1',
          'CopiesExportRoleDefaultPolicyA85B282C',
          'CopiesCopierRoleDefaultPolicy8FC86335',
        ],
        'AWS::SQS::Queue': ['ForwardingDeadLettersE50F562C'],
        'AWS::SQS::QueuePolicy': ['ForwardingDeadLettersPolicyE3674B9B'],
        'AWS::Events::Rule': [
          'Forwardingbackups2C86E0D3',
          'ForwardingbackupjobsBACAEB2B',
          'ForwardingrestorejobsEB8AEF53',
          'ForwardingexportendsBA497093',
        ],
        'AWS::KMS::Key': ['CopiesKeyAEBD83F8'],
        'AWS::KMS::Alias': ['CopiesKeyAliasC0977FDB'],
        'AWS::S3::Bucket': [
          'CopiesBucketsAccessLogs520F8BEA',
          'CopiesBucketsrdsbackupledgerorders222222222222useast1A24B7D17',
          'CopiesBucketsrdsbackupledgershared222222222222useast1DE79DB9E',
        ],
        'AWS::S3::BucketPolicy': [
          'CopiesBucketsAccessLogsPolicy7B7FE7BB',
          'CopiesBucketsrdsbackupledgerorders222222222222useast1PolicyC317A9FE',
          'CopiesBucketsrdsbackupledgershared222222222222useast1PolicyD078776D',
        ],
      },
      names: names(`
        RdsBackupLedger-forward-us-east-1 RdsBackupLedger-reader-us-east-1 RdsBackupLedger-export-us-east-1
        RdsBackupLedger-copier-us-east-1 RdsBackupLedger-forward-dead-letters RdsBackupLedger-forward-backups
        RdsBackupLedger-forward-backup-jobs RdsBackupLedger-forward-restore-jobs RdsBackupLedger-forward-export-ends
        alias/rds-backup-ledger rds-backup-ledger-orders-222222222222-us-east-1
        rds-backup-ledger--shared-222222222222-us-east-1
      `),
    },
    roles: names(`
      RdsBackupLedger-copy-eu-west-1 RdsBackupLedger-record-eu-west-1 RdsBackupLedger-sweep-eu-west-1
    `),
    outputs: names(`
      AlertTopicArn CopyFunctionName LedgerTableName RecordDeadLetterQueueUrl RecordFunctionName ReportBucketName
      SweepFunctionName
    `),
    environment: {
      RecordEventsRecordFunction51504AF8: names(`
        ACCOUNT_ID ALERT_TOPIC_ARN CONFIG_BUCKET CONFIG_KEY LEDGER_TABLE POWERTOOLS_METRICS_NAMESPACE
        POWERTOOLS_SERVICE_NAME REPORT_BUCKET
      `),
      CopyBackupsCopyFunctionCFDB0B0B: names(`
        ACCOUNT_ID ALERT_TOPIC_ARN CONFIG_BUCKET CONFIG_KEY EXPORT_KEY_ARN EXPORT_ROLE_ARN LEDGER_TABLE
        POWERTOOLS_METRICS_NAMESPACE POWERTOOLS_SERVICE_NAME REPORT_BUCKET
      `),
      SweepDatabasesSweepFunction376AA3DD: names(`
        ACCOUNT_ID ALERT_TOPIC_ARN CONFIG_BUCKET CONFIG_KEY COPY_FUNCTION_NAME LEDGER_TABLE
        POWERTOOLS_METRICS_NAMESPACE POWERTOOLS_SERVICE_NAME REPORT_BUCKET
      `),
    },
    metrics: {
      namespace: 'RdsBackupLedger',
      service: 'rds-backup-ledger',
      emitted: names(`
        CopiesEnded CopiesFailed CopiesQueued CopiesStalled EventsMissed OldestQueuedCopyHours SweepHeartbeat
        UnprotectedDatabases
      `),
    },
  },

  /** What stands in tables: rows are read by later and earlier versions side by side, and stand where they stand. */
  ledger: {
    format: 1,
    table: {
      partitionKey: 'pk',
      sortKey: 'sk',
    },
    timeToLive: 'expiresAt',
    shards: 8,
    indexes: {
      byIdentity: {
        partitionKey: 'identityKey',
        sortKey: 'sk',
        projected: [],
      },
      byTenant: {
        partitionKey: 'tenantKey',
        sortKey: 'listSort',
        projected: ['dayFacts', 'format'],
      },
      byDay: {
        partitionKey: 'dayKey',
        sortKey: 'listSort',
        projected: ['dayFacts', 'format'],
      },
      byState: {
        partitionKey: 'stateKey',
        sortKey: 'stateSort',
        projected: [],
      },
    },
    localIndexes: {
      live: {
        partitionKey: 'pk',
        sortKey: 'liveSort',
        projected: [],
      },
    },
    keys: {
      backup: {
        pk: 'DB#123456789012/eu-west-1/db-ORDERS',
        sk: 'BACKUP#2026-11-23T04:08:53.123Z#rds:orders-2026-11-23-04-08',
        identityKey: 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-23-04-08',
        tenantKey: 'acme',
        dayKey: '2026-11-23#7',
        listSort: 'BACKUP#2026-11-23T04:08:53.123Z#rds:orders-2026-11-23-04-08',
        stateKey: 'COPY#123456789012/eu-west-1#queued#7',
        stateSort: '2026-11-23T05:00:00.000Z',
        liveSort: '2026-11-23T04:32:53.123Z',
      },
      database: {
        pk: 'DB#123456789012/eu-west-1/db-ORDERS',
        sk: 'DATABASE',
        identityKey: '123456789012/eu-west-1/instance/orders',
        tenantKey: 'acme',
        listSort: 'DATABASE#orders#123456789012/eu-west-1/db-ORDERS',
        stateKey: 'DATABASE#7',
        stateSort: '2026-11-24T06:30:00.000Z',
      },
      unscheduled: {
        pk: 'DB#123456789012/eu-west-1/db-ORDERS',
        sk: 'DATABASE',
        identityKey: '123456789012/eu-west-1/instance/orders',
        tenantKey: 'acme',
        listSort: 'DATABASE#orders#123456789012/eu-west-1/db-ORDERS',
        stateKey: 'DATABASE#7',
        stateSort: 'unscheduled',
      },
      alert: {
        pk: 'ALERT#123456789012/eu-west-1/db-ORDERS#acme',
        sk: '2026-11-23T06:30:00.000Z',
        identityKey: 'ALERTS#123456789012/eu-west-1/db-ORDERS',
        tenantKey: 'acme',
        listSort: 'ALERT#2026-11-23T06:30:00.000Z#123456789012/eu-west-1/db-ORDERS',
        stateKey: 'ALERT#7',
        stateSort: '2026-11-23T06:30:00.000Z#123456789012/eu-west-1/db-ORDERS',
      },
      day: {
        pk: 'DB#123456789012/eu-west-1/db-ORDERS',
        sk: 'DAY#2026-11-23#acme',
        tenantKey: 'acme',
        dayKey: '2026-11-23#7',
        listSort: 'DAY#2026-11-23#123456789012/eu-west-1/db-ORDERS',
      },
      sweep: {
        pk: 'SWEEP',
        sk: '2026-11-23T12:00:00.000Z',
      },
      watch: {
        pk: 'WATCH',
        sk: 'LAST',
      },
      lease: {
        pk: 'LEASE#123456789012/eu-west-1',
        sk: 'COPY',
      },
      notice: {
        pk: 'LEASE#123456789012/eu-west-1',
        sk: 'NOTICE',
      },
      environment: {
        pk: 'ENVIRONMENT',
        sk: '123456789012/eu-west-1',
      },
      pause: {
        pk: 'PAUSE#123456789012/eu-west-1',
        sk: 'bucket#archive',
      },
      turn: {
        pk: 'TURN#123456789012/eu-west-1',
        sk: 'acme',
      },
    },
    attributes: {
      backup: names(`
        backupFacts dayKey format identityKey listSort liveSort pk sk stateKey stateSort tenantKey version
      `),
      'closed backup': names(`
        backupFacts dayKey expiresAt format identityKey listSort pk sk tenantKey version
      `),
      database: names(`
        databaseFacts format identityKey listSort pk sk stateKey stateSort tenantKey version
      `),
      alert: names('alertFacts format identityKey listSort pk sk stateKey stateSort tenantKey'),
      'resolved alert': names('alertFacts expiresAt format identityKey listSort pk sk tenantKey'),
      day: names('dayFacts dayKey expiresAt format listSort pk sk tenantKey'),
      sweep: names('expiresAt format pk sk sweepFacts'),
      lease: names('format holder leasedUntil pk sk'),
      environment: names('environmentFacts format pk sk version'),
      pause: names('copyPauseFacts format pk sk version'),
      turn: ['format', 'pk', 'servedAt', 'sk'],
    },
    fields: {
      backup: names(`
        id arn tenant database databaseId databaseKind kind engine storageType sizeGiB encrypted createdAt backupTime
        recordedAt learnedFrom eventMissed event.id event.time copy.mode copy.state copy.attempt copy.queuedAt
        copy.notBefore copy.startedAt copy.endedAt copy.taskId copy.bucket copy.prefix copy.source.object
        copy.source.modified copy.source.etag copy.percent copy.folders.checkedAt copy.folders.found
        copy.folders.partial copy.folders.missing copy.folders.more copy.bytes
        copy.objects copy.cause.code copy.cause.facts copy.permanent copy.setupFailures copy.pendingSince copy.notifiedAt closed.at closed.cause.code
        closed.cause.facts closed.expiresAt copyJobs.id copyJobs.state copyJobs.to copyJobs.endedAt copyJobs.message
      `),
      database: names(`
        key id kind tenant ownedSince configuredAs formerOwners.tenant formerOwners.since formerOwners.until
        enrolledBy restoreTestingPlan engine window retentionDays enrolledAt replicaOf foreign verdict severity cause.code cause.facts notes.code
        notes.facts newestBackup.id newestBackup.createdAt newestBackup.time deadline status evaluatedAt nextCheckAt
        lastBackup.id lastBackup.createdAt lastBackup.time lastBackup.gone formerWindow.window formerWindow.until
        lastAwsBackup stops.from stops.until since
        inProgress.id inProgress.since exclusion knownTags.tenant knownTags.maxAgeHours knownTags.copyMode
        knownTags.restoreTest knownTags.refused alert.tenant alert.opened
        share.since share.until share.database share.schema share.statedAt share.earlier.since share.earlier.until
        share.carried.id share.carried.createdAt share.carried.time
      `),
      alert: names(`
        tenant database databaseId databaseKind opened verdict severity cause.code cause.facts notes.code notes.facts
        newestBackup.id newestBackup.createdAt newestBackup.time deadline status notified.at notified.step notified.to
        pending.step pending.at pending.tries acknowledged.by acknowledged.at acknowledged.note snoozedUntil
        snoozed.by snoozed.at snoozed.note resolved outcome.verdict outcome.severity outcome.cause.code
        outcome.cause.facts outcome.notes.code outcome.notes.facts outcome.newestBackup.id
        outcome.newestBackup.createdAt outcome.newestBackup.time outcome.deadline outcome.status resolution.code
        resolution.facts expiresAt
      `),
      day: names(`
        date tenant database databaseId databaseKind verdict severity cause.code cause.facts notes.code notes.facts
        newestBackup.id newestBackup.createdAt newestBackup.time deadline status evaluatedAt maxAgeHours graceHours
        exclusion expiresAt
      `),
      environment: names(`
        account region lastEventAt sweptAt trouble.code trouble.since trouble.severity trouble.error trouble.events
        trouble.notified trouble.ended
      `),
      pause: names(`
        environment kind name cause.code cause.facts failures.database failures.at pausedAt notifiedAt probedAt probed
      `),
      sweep: names(`
        mode started finished at complete databases counts eventsMissed missed.snapshotId missed.databaseId
        missed.backupTime recorded closed unconfigured unconfiguredCount restoreTests alerts.opened alerts.reminded alerts.resolved
        apiCalls errors leftOut.text leftOut.database.key leftOut.database.kind leftOut.database.id notifiedOf.of
        notifiedOf.at unwatchedTenants.tenant unwatchedTenants.since unwatchedTenants.databases.id
        unwatchedTenants.databases.verdict unwatchedTenants.databaseCount unwatchedTenants.severity
        unwatchedTenants.notified unwatchedTenants.ended jobsUnread configHash stoppedAfter expiresAt
      `),
    },
    streamFilters: [
      '{"eventName":["INSERT"],"dynamodb":{"NewImage":{"backupFacts":{"M":{"copy":{"M":{"state":{"S":["queued"]}}}}}}}}',
      '{"eventName":["MODIFY"],"dynamodb":{"OldImage":{"backupFacts":{"M":{"copy":{"M":{"state":{"S":["none","complete","incomplete","failed","skipped","cancelled"]}}}}}},"NewImage":{"backupFacts":{"M":{"copy":{"M":{"state":{"S":["queued"]}}}}}}}}',
      '{"eventName":["MODIFY"],"dynamodb":{"OldImage":{"backupFacts":{"M":{"copy":{"M":{"state":{"S":["queued","starting","running"]}}}}}},"NewImage":{"backupFacts":{"M":{"copy":{"M":{"state":{"S":["complete","incomplete","failed","skipped","cancelled"]}}}}}}}}',
    ],
  },

  /** Words and codes in rows, answers and messages, codes with the names of their facts. Only ever added. */
  words: {
    verdicts: names('inaccessible missing never overdue disabled unknown deleted due new protected excluded'),
    severities: ['critical', 'warning', 'info'],
    databaseKinds: ['instance', 'cluster'],
    backupKinds: ['automated', 'manual', 'awsbackup', 'copy'],
    copyModes: ['export', 'object', 'none'],
    copyStates: names('none queued starting running complete incomplete failed skipped cancelled'),
    alertSteps: ['open', 'remind', 'rise', 'resolve'],
    audiences: ['all', 'tenant', 'operators'],
    causes: {
      'excluded-by-configuration': 'reason',
      'excluded-by-tag': 'reason',
      'replica-without-backups': 'source',
      'replica-source-unwatched': 'source why',
      'replication-failed': 'status source said',
      'rds-not-answering': 'error since',
      'not-in-rds': '',
      'deleted-or-renamed': 'lastSeen',
      'first-backup-expected': 'createdAt',
      'backup-expected': 'window graceHours',
      'backup-in-progress': 'snapshot since usualMinutes',
      stopped: 'since restartsAt',
      'status-prevents-backups': 'status',
      'encryption-key-inaccessible': 'status key otherKeyBackup',
      'backups-about-to-be-disabled': '',
      'backups-about-to-be-enabled': 'retentionDays',
      'not-rds': 'engine',
      'backups-gone': 'lastBackup gone',
      'last-backup-expired': 'lastBackup',
      'backups-disabled': '',
      'snapshot-skipped': 'restorableUntil window',
      'window-moved': 'before window',
      'window-while-stopped': 'window',
      'automation-paused': 'until',
      'just-started': 'startedAt window',
      'aws-backup-expected': 'createdAt startBy',
      'aws-backup-job-failed': 'job state endedAt message',
      'aws-backup-made-none': 'lastBackup',
      'backup-outside-rds': 'recoveryPoint',
      'restore-point-stale': 'restorableUntil',
      'no-known-cause': '',
      'name-used-before': 'resourceId lastBackup',
      'renamed-to': 'id configured',
      'renamed-from': 'id',
      'replica-of': 'source',
      'environment-unread': 'account region error since',
      'event-lost': '',
      'member-of-cluster': 'cluster',
      'tenant-after-backup': 'since backup',
      'tenant-not-in-snapshot': 'snapshot name',
      'tenants-unprotected': 'tenants count',
      'holds-tenants': 'tenants count',
    },
    resolutions: {
      'environment-left': 'account region',
      'left-configuration': '',
      'tag-removed': '',
      'found-in-rds': '',
      'name-taken-over': '',
      'moved-to-tenant': 'tenant',
    },
    closings: {
      'deleted-by-user': '',
      'not-in-rds': '',
      'name-used-again': '',
    },
    copyCauses: {
      'not-configured': '',
      'owner-changed': 'tenant',
      'kind-not-copied': 'kind copied',
      'before-enrolment': '',
      'snapshot-gone': '',
      'no-shared-bucket': '',
      'engine-not-exportable': 'engine',
      'storage-not-exportable': '',
      'region-without-exports': 'region engine',
      'period-served': 'schedule',
      'snapshot-busy': 'said',
      'exported-elsewhere': '',
      'snapshot-expired': '',
      'snapshot-replaced': '',
      'environment-refused': 'account region said',
      'role-not-found': 'role said',
      'role-not-trusted': 'role said',
      'bucket-closed': 'bucket owner said',
      'bucket-denied': 'bucket owner role action key said',
      'bucket-invalid': 'bucket region said',
      'bucket-missing': 'bucket region said',
      'bucket-refused': 'bucket error said',
      'source-key-not-usable': 'key role said',
      'key-not-usable': 'key role action said',
      'start-denied': 'role key said',
      'start-refused': 'error said',
      'export-failed': 'said',
      'export-cancelled': '',
      'export-incomplete': 'skippedTables skipped warnings',
      'tenant-folder-missing': 'folder tenants count',
      'objects-missing': 'bucket folder',
      'bucket-gone': 'bucket',
      'not-verifiable': 'bucket owner said skippedTables skipped warnings',
      'task-unknown': 'task',
      stuck: 'task since percent',
      'staging-not-configured': '',
      'dump-awaited': 'object',
      'dump-missing': 'object waitHours',
      'dump-stale': 'object modified backupTime maxDumpAgeHours waitHours usedBy',
      'dump-shared': 'object other tenant',
      'dump-too-large': 'object bytes limit',
      'run-broke-off': '',
      'copy-different': 'object originalBytes bytes',
      'copy-out-of-time': 'object',
      's3-bucket-missing': 'from to said',
      's3-key-not-usable': 'from to key said',
      's3-other-region': 'from to said',
      's3-archived': 'object said',
      's3-customer-key': 'object said',
      's3-checksum-missing': 'from to said',
      's3-denied': 'from fromOwner to toOwner said',
      's3-failed': 'from to said',
      'cancelled-by-person': 'by note',
    },
  },

  /** Fields of rows in the command line's JSON, which adds what it derives. */
  json: {
    backup: names(`
      id arn tenant key database databaseKind kind engine storageType sizeGiB encrypted createdAt time recordedAt
      learnedFrom eventMissed event copy copyJobs closed
    `),
    database: names(`
      key database kind tenant ownedSince configuredAs formerOwners enrolledBy restoreTestingPlan engine window retentionDays enrolledAt
      replicaOf foreign
      verdict severity cause notes newestBackup deadline status lastBackup formerWindow lastAwsBackup evaluatedAt nextCheckAt since stops inProgress exclusion
      knownTags share alert
    `),
    alert: names(`
      tenant key database databaseKind opened verdict severity cause notes newestBackup deadline status notified
      pending acknowledged snoozedUntil snoozed resolved outcome resolution expiresAt
    `),
    day: names(`
      date tenant key database databaseKind verdict severity cause notes newestBackup deadline status evaluatedAt
      maxAgeHours graceHours exclusion expiresAt
    `),
    sweep: names(`
      mode started finished at complete databases counts eventsMissed missed recorded closed unconfigured
      unconfiguredCount restoreTests alerts apiCalls errors leftOut notifiedOf unwatchedTenants jobsUnread configHash stoppedAfter expiresAt
    `),
  },

  /** What subscriptions filter by, and the fields of the JSON bodies for queues and functions. */
  messages: {
    attributes: ['tenant', 'severity', 'kind', 'audience'],
    kinds: [
      'backup-missing',
      'backup-restored',
      'copy-failed',
      'copies-paused',
      'digest',
      'tenant-unwatched',
      'environment-trouble',
      'run-incomplete',
    ],
    manyTenants: '*',
    filters: {
      operators: {
        audience: ['all', 'operators'],
      },
      tenant: {
        tenant: ['acme'],
      },
    },
    bodies: {
      'backup-missing': names(`
        version kind severity tenant at account region summary count databases.tenant databases.database databases.key
        databases.account databases.region databases.kind databases.engine databases.step databases.verdict
        databases.cause.code databases.cause.facts databases.notes databases.severity databases.status
        databases.reason databases.newestBackup.id databases.newestBackup.time databases.ageHours databases.deadline
        databases.opened databases.resolved databases.resolution databases.resolutionCause databases.outcome
        databases.consoleUrl databases.runbookUrl notListed fullList
      `),
      'backup-restored': names(`
        version kind severity tenant at account region summary count databases.tenant databases.database databases.key
        databases.account databases.region databases.kind databases.engine databases.step databases.verdict
        databases.cause.code databases.cause.facts databases.notes databases.severity databases.status
        databases.reason databases.newestBackup.id databases.newestBackup.time databases.ageHours databases.deadline
        databases.opened databases.resolved databases.resolution databases.resolutionCause databases.outcome.verdict
        databases.outcome.cause databases.outcome.notes databases.consoleUrl databases.runbookUrl notListed fullList
      `),
      'copies-paused': names(`
        version kind severity tenant at account region summary count pauses.scope pauses.name pauses.account
        pauses.region pauses.cause.code pauses.cause.facts pauses.reason pauses.since pauses.waiting pauses.firstExpiry notListed fullList
      `),
      'copy-failed': names(`
        version kind severity tenant at account region summary count copies.database copies.key copies.account
        copies.region copies.kind copies.engine copies.backup.id copies.backup.arn copies.backup.time copies.mode
        copies.state copies.attempt copies.taskId copies.bucket copies.prefix copies.cause.code copies.cause.facts
        copies.reason notListed fullList
      `),
      digest: names(`
        version kind severity tenant at account region summary fullList digest counts count databases.tenant
        databases.database databases.key databases.account databases.region databases.kind databases.engine
        databases.step databases.verdict databases.cause.code databases.cause.facts databases.notes databases.severity
        databases.status databases.reason databases.newestBackup.id databases.newestBackup.time databases.ageHours
        databases.deadline databases.opened databases.resolved databases.resolution databases.resolutionCause
        databases.outcome databases.consoleUrl databases.runbookUrl notListed unconfigured.count unconfigured.names
        unwatchedTenants.count unwatchedTenants.names newExclusions.tenant newExclusions.database newExclusions.account newExclusions.region newExclusions.reason
        tagChanges.count tagChanges.changes.tenant
        tagChanges.changes.database tagChanges.changes.key tagChanges.changes.account tagChanges.changes.region tagChanges.changes.change tagChanges.changes.before
        tagChanges.changes.after tagChanges.changes.text tagChanges.url eventsMissed copies.complete copies.queued
        copies.running copies.failed copies.oldestQueuedHours reportUrl errors
      `),
      'digest of many': names(`
        version kind severity tenant at account region summary fullList digest tenants count databases.tenant
        databases.database databases.key databases.account databases.region databases.kind databases.engine
        databases.step databases.verdict databases.cause.code databases.cause.facts databases.notes databases.severity
        databases.status databases.reason databases.newestBackup.id databases.newestBackup.time databases.ageHours
        databases.deadline databases.opened databases.resolved databases.resolution databases.resolutionCause
        databases.outcome databases.consoleUrl databases.runbookUrl notListed
      `),
      'tenant-unwatched': names(`
        version kind severity tenant at account region summary count tenants.tenant tenants.step tenants.severity
        tenants.since tenants.ended tenants.databases.database tenants.databases.verdict tenants.databaseCount notListed
        fullList
      `),
      'environment-trouble': names(`
        version kind severity tenant at account region summary count environments.account environments.accountName
        environments.region environments.step environments.trouble environments.severity environments.since
        environments.error environments.events environments.ended notListed fullList
      `),
      'run-incomplete': names(`
        version kind severity tenant at account region summary count leftOut.text leftOut.database leftOut.account leftOut.region notListed fullList
      `),
    },
  },

  /** What the sweep function answers. */
  sweepAnswer: names(`
    mode at complete databases.tenant databases.database databases.account databases.region databases.verdict
    databases.cause.code databases.cause.facts databases.notes databases.severity databases.reason
    databases.newestBackup.id databases.newestBackup.time databases.ageHours databases.deadline environments.account environments.region
    environments.complete environments.error unconfigured restoreTests unwatchedTenants counts
    eventsMissed alerts.opened alerts.reminded alerts.resolved apiCalls errors
  `),
};
