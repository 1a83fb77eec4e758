import type { EventBus } from 'aws-cdk-lib/aws-events';
import { handlerCalls } from '../handlers/calls.ts';
import type { CarriedConfig, Fleet } from '../shared/config/index.ts';
import type { SettingName } from '../shared/contract.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { publisherCalls } from '../shared/notifications/index.ts';
import type { Alarms } from './alarms.ts';
import type { Alerts } from './alerts.ts';
import type { Buckets } from './buckets.ts';
import type { DeployedConfiguration } from './configuration.ts';
import type { LedgerFunction } from './functions.ts';
import type { LedgerTable } from './ledger-table.ts';
import { allow } from './rights.ts';

export interface PartsProps {
  /** All environments. */
  readonly fleet: Fleet;
  /** The stack's own environment alone. */
  readonly own: Fleet;
  /** What other environments forward their events to; absent where none does. */
  readonly bus?: EventBus;
  readonly ledger: LedgerTable;
  readonly alerts: Alerts;
  readonly buckets: Buckets;
  readonly configuration: DeployedConfiguration;
}

/** What the three functions share: where things are, and the rights that come with it. */
export class Parts {
  readonly fleet: Fleet;
  readonly own: Fleet;
  readonly bus: EventBus | undefined;
  readonly ledger: LedgerTable;
  readonly alarms: Alarms;
  readonly buckets: Buckets;
  readonly #alerts: Alerts;
  readonly #configuration: DeployedConfiguration;

  constructor(props: PartsProps) {
    this.fleet = props.fleet;
    this.own = props.own;
    this.bus = props.bus;
    this.ledger = props.ledger;
    this.alarms = props.alerts.alarms;
    this.buckets = props.buckets;
    this.#alerts = props.alerts;
    this.#configuration = props.configuration;
  }

  /** What the functions carry beside their code. */
  get config(): CarriedConfig {
    return { fleet: this.fleet, hash: this.#configuration.hash };
  }

  /** The functions' settings (`handlers/settings.ts` reads them). */
  get environment(): Readonly<Record<SettingName<'shared'>, string>> {
    return {
      ACCOUNT_ID: this.fleet.account,
      LEDGER_TABLE: this.ledger.tableName,
      ALERT_TOPIC_ARN: this.#alerts.topic.topicArn,
      CONFIG_BUCKET: this.#configuration.bucket.bucketName,
      CONFIG_KEY: this.#configuration.objectKey,
      REPORT_BUCKET: this.buckets.reports.bucketName,
    };
  }

  /** Sending alerts; the right to the topic's key comes with the ledger's, which is the same. */
  allowAlerts(fn: LedgerFunction): void {
    allow(fn.role, { actions: actionsOn(publisherCalls, 'topic'), resources: [this.#alerts.topic.topicArn] });
  }

  /** Writing reports and the full lists of digests; reading none. */
  allowReports(fn: LedgerFunction): void {
    allow(fn.role, {
      actions: actionsOn(handlerCalls.reports, 'object'),
      resources: [this.buckets.reports.arnForObjects('*')],
      wildcard: 'Reports and digests are objects named by their time.',
    });
  }
}
