import { Stack } from 'aws-cdk-lib';
import { type EventBus, type EventPattern, type IRuleTarget, Rule } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import { jobEventPatterns } from '../shared/aws-backup/index.ts';
import type { EventRule } from '../shared/contract.ts';
import { eventMeanings } from '../shared/rds/index.ts';

/** Ends of export tasks: failed, cancelled, completed; of instances' snapshots, then of clusters'. */
const exportEnds = ['0159', '0160', '0161', '0162', '0163', '0164'].map((number) => `RDS-EVENT-${number}`);

const jobs = "Ends of AWS Backup's jobs, whose databases are then checked";

/** The events that matter: the hub's own rules, those of its bus and those that spokes forward with all match these. */
const events: Readonly<Record<EventRule, { readonly description: string; readonly pattern: EventPattern }>> = {
  backups: {
    description: 'RDS events about backups, and those that change what a backup means',
    pattern: { source: ['aws.rds'], detail: { EventID: Object.keys(eventMeanings) } },
  },
  'backup-jobs': { description: jobs, pattern: mutable(jobEventPatterns.BackupJobs) },
  'restore-jobs': { description: jobs, pattern: mutable(jobEventPatterns.RestoreJobs) },
  'export-ends': {
    description: 'Ends of exports of snapshots',
    pattern: { source: ['aws.rds'], detail: { EventID: exportEnds } },
  },
};

function mutable({
  source,
  detailType,
  detail,
}: (typeof jobEventPatterns)[keyof typeof jobEventPatterns]): EventPattern {
  return { source: [...source], detailType: [...detailType], detail };
}

/** The services whose events matter. */
export const eventSources = [...new Set(Object.values(events).flatMap(({ pattern }) => pattern.source ?? []))];

/** A rule for events of the stack's own account; others may put some on its default bus, if its policy lets them. */
export function ownEventsRule(
  scope: Construct,
  id: string,
  event: EventRule,
  { target, ruleName }: { readonly target: IRuleTarget; readonly ruleName?: string },
): Rule {
  const { description, pattern } = events[event];
  return new Rule(scope, id, {
    description,
    ...(ruleName !== undefined && { ruleName }),
    eventPattern: { ...pattern, account: [Stack.of(scope).account] },
    targets: [target],
  });
}

/** A rule for what spokes forward to the hub's bus: events keep the account and Region that they are of. */
export function forwardedEventsRule(
  scope: Construct,
  id: string,
  event: EventRule,
  { target, bus }: { readonly target: IRuleTarget; readonly bus: EventBus },
): Rule {
  const { description, pattern } = events[event];
  return new Rule(scope, id, {
    description: `${description}; forwarded by spokes`,
    eventBus: bus,
    eventPattern: pattern,
    targets: [target],
  });
}
