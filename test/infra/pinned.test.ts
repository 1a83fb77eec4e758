/** Deployed stacks upgrade in place, and readers keep what they have built: what they rely on stands in `pinned.ts`. */
import { groupBy } from 'es-toolkit/array';
import { mapValues, pickBy } from 'es-toolkit/object';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type MessageKind, manyTenants } from '../../shared/channels/index.ts';
import { metrics, metricsDimensions, metricsNamespace, spokeStackName } from '../../shared/contract.ts';
import {
  alertJsonNames,
  alertSchema,
  alertSteps,
  audiences,
  backupJsonNames,
  backupKinds,
  backupSchema,
  causes,
  closings,
  copyCauses,
  copyModes,
  copyPauseSchema,
  copyStates,
  databaseJsonNames,
  databaseKinds,
  databaseSchema,
  dayJsonNames,
  daySchema,
  environmentSchema,
  meaningsOf,
  resolutions,
  severities,
  sweepSchema,
  verdictNames,
} from '../../shared/domain/index.ts';
import {
  copyPauseKey,
  copyTriggers,
  environmentKey,
  itemOfAlert,
  itemOfBackup,
  itemOfCopyPause,
  itemOfDatabase,
  itemOfDay,
  itemOfEnvironment,
  itemOfLease,
  itemOfSweep,
  itemOfTurn,
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
  leaseKey,
  turnKey,
} from '../../shared/ledger/items.ts';
import {
  formatVersion,
  indexes,
  localIndexes,
  shards,
  tableKeys,
  timeToLiveAttribute,
} from '../../shared/ledger/table.ts';
import { operatorFilter, publishInput, tenantFilter } from '../../shared/notifications/message.ts';
import {
  composeAlerts,
  composeCopiesPaused,
  composeCopyFailed,
  composeDailyDigest,
  composeEnvironments,
  composeLeftOut,
  composeManyTenants,
  composeTenants,
} from '../../shared/notifications/messages.ts';
import { here } from '../shared/ledger/contract/given.ts';
import { aBackup, aDatabase, aDay, anAlert, anEnvironment, aPause, aSweep, at } from '../shared/ledger/rows.ts';
import {
  context,
  entry,
  environmentNotice,
  failedCopy,
  restored,
  tagChange,
  unwatchedTenant,
} from '../shared/notifications/given.ts';
import { makeWorld } from '../support/world.ts';
import { pinned } from './pinned.ts';
import { configured, fleetOf, synthesize, synthesizeSpoke } from './synthesized.ts';

const rule =
  'a change here breaks deployed stacks or readers: it is a decision; see docs/decisions. What is only added is added to test/infra/pinned.ts.';

/** The names of an object's fields, in their order, those of nested ones as `outer.inner`; maps of any keys as a whole. */
function fieldsOf(value: unknown, path = ''): string[] {
  const free = /(^|\.)(facts|counts|apiCalls)$/.test(path);
  if (Array.isArray(value) && value.length > 0)
    return [...new Set(value.flatMap((element) => fieldsOf(element, path)))];
  if (typeof value !== 'object' || value === null || Array.isArray(value) || free) return path === '' ? [] : [path];
  const fields = Object.entries(value).flatMap(([name, field]) =>
    fieldsOf(field, path === '' ? name : `${path}.${name}`),
  );
  return [...new Set(fields)];
}

/** The fields of a schema as they are stored. */
function storedFields(schema: z.ZodType, path = ''): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, field]) =>
      storedFields(field as z.ZodType, path === '' ? name : `${path}.${name}`),
    );
  }
  if (schema instanceof z.ZodArray) return storedFields(schema.element as z.ZodType, path);
  const wraps =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly;
  return wraps ? storedFields(schema.unwrap() as z.ZodType, path) : [path];
}

const expiry = { expiresAt: at('2027-11-23') };
const closed = { at: at('2026-11-23'), cause: { code: 'not-in-rds', facts: {} }, ...expiry } as const;
const queued = aBackup({ copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: at('2026-11-23T05:00:00Z') } });
const pause = aPause();
const rows = {
  backup: itemOfBackup(queued),
  'closed backup': itemOfBackup(aBackup({ closed })),
  database: itemOfDatabase(aDatabase()),
  alert: itemOfAlert(anAlert()),
  'resolved alert': itemOfAlert(anAlert({ resolved: at('2026-11-23'), ...expiry })),
  day: itemOfDay(aDay(expiry)),
  sweep: itemOfSweep(aSweep(expiry)),
  lease: itemOfLease(here, 'COPY', 'one', at('2026-11-23')),
  environment: itemOfEnvironment(anEnvironment()),
  pause: itemOfCopyPause(pause),
  turn: itemOfTurn(here, 'acme', at('2026-11-23')),
};

const ledger = {
  format: formatVersion,
  table: tableKeys,
  timeToLive: timeToLiveAttribute,
  shards,
  indexes,
  localIndexes,
  keys: {
    backup: keysOfBackup(queued),
    database: keysOfDatabase(aDatabase({ nextCheckAt: at('2026-11-24T06:30:00Z') })),
    unscheduled: keysOfDatabase(aDatabase()),
    alert: keysOfAlert(anAlert()),
    day: keysOfDay(aDay()),
    sweep: keysOfSweep(aSweep()),
    watch: keysOfSweep(aSweep({ mode: 'watch' })),
    lease: leaseKey(here, 'COPY'),
    notice: leaseKey(here, 'NOTICE'),
    environment: environmentKey(anEnvironment()),
    pause: copyPauseKey(pause),
    turn: turnKey(here, 'acme'),
  },
  attributes: Object.fromEntries(Object.entries(rows).map(([kind, item]) => [kind, Object.keys(item).sort()])),
  fields: {
    backup: storedFields(backupSchema),
    database: storedFields(databaseSchema),
    alert: storedFields(alertSchema),
    day: storedFields(daySchema),
    sweep: storedFields(sweepSchema),
    environment: storedFields(environmentSchema),
    pause: storedFields(copyPauseSchema),
  },
  /** As Lambda has them. */
  streamFilters: copyTriggers.map((pattern) => JSON.stringify(pattern)),
};

/** Codes with the names of their facts. */
function codesOf(table: Readonly<Record<string, { readonly facts: z.ZodObject }>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(table).map(([code, { facts }]) => [code, Object.keys(facts.shape).join(' ')]),
  );
}

const words = {
  verdicts: verdictNames,
  severities,
  databaseKinds,
  backupKinds,
  copyModes,
  copyStates,
  alertSteps,
  audiences,
  causes: codesOf(causes),
  resolutions: codesOf(resolutions),
  closings: codesOf(closings),
  copyCauses: codesOf(copyCauses),
};

const json = {
  backup: Object.keys(meaningsOf(backupSchema, backupJsonNames)),
  database: Object.keys(meaningsOf(databaseSchema, databaseJsonNames)),
  alert: Object.keys(meaningsOf(alertSchema, alertJsonNames)),
  day: Object.keys(meaningsOf(daySchema, dayJsonNames)),
  sweep: Object.keys(meaningsOf(sweepSchema)),
};

const quietDay = {
  counts: {},
  alerts: [entry()],
  unconfigured: [],
  unwatchedTenants: [],
  tagChanges: [tagChange('lab', { code: 'excluded', reason: 'test system' })],
  eventsMissed: 1,
  missed: [{ databaseId: 'orders', snapshotId: 'rds:orders' }],
  copies: { complete: 1, queued: 1, running: 1, failed: 1, oldestQueuedHours: 1 },
  errors: [],
};
const sent = {
  'backup-missing': composeAlerts([entry()], 'operators', context),
  'backup-restored': composeAlerts([entry(restored, 'resolve')], 'operators', context),
  'copy-failed': composeCopyFailed('acme', [failedCopy()], 'operators', context),
  'copies-paused': composeCopiesPaused({ pause, waiting: 60 }, context),
  digest: composeDailyDigest(quietDay, context),
  'digest of many': composeManyTenants([entry()], context),
  'tenant-unwatched': composeTenants([{ step: 'open', unwatched: unwatchedTenant() }], context),
  'environment-trouble': composeEnvironments([environmentNotice()], context),
  'run-incomplete': composeLeftOut([{ text: 'instance orders (acme) could not be written' }], context),
};

/** All that the code knows: this does not compile otherwise. */
const kinds: Record<MessageKind, true> = {
  'backup-missing': true,
  'backup-restored': true,
  'copy-failed': true,
  'copies-paused': true,
  digest: true,
  'tenant-unwatched': true,
  'environment-trouble': true,
  'run-incomplete': true,
};

const messages = {
  attributes: Object.keys(publishInput(sent.digest, 'arn').MessageAttributes ?? {}),
  kinds: Object.keys(kinds),
  manyTenants,
  filters: { operators: operatorFilter, tenant: tenantFilter(['acme']) },
  bodies: Object.fromEntries(Object.entries(sent).map(([kind, { texts }]) => [kind, fieldsOf(texts.body)])),
};

const stack = synthesize(
  fleetOf({
    operators: [{ email: 'oncall@example.com' }],
    tenants: [
      {
        id: 'acme',
        recipients: [{ queue: 'arn:aws:sqs:eu-west-1:123456789012:alerts' }],
        databases: [
          { id: 'orders', kind: 'instance', bucket: { type: 'own' } },
          { id: 'crm', kind: 'cluster', bucket: { type: 'shared' } },
        ],
      },
    ],
  }),
);
const us = { account: '222222222222', region: 'us-east-1' };
const spread = configured(
  [
    { id: 'orders', kind: 'instance', ...us },
    { id: 'crm', kind: 'cluster', ...us, bucket: { type: 'shared' } },
  ],
  { environments: [{ account: us.account, regions: [us.region] }] },
);
const hub = synthesize(spread);
const spoke = synthesizeSpoke(spread, us);

/** Logical ids by type. */
function logicalIds({ template }: typeof stack): Readonly<Record<string, readonly string[]>> {
  const all = Object.entries(template.Resources);
  return mapValues(
    groupBy(all, ([, { Type }]) => Type),
    (some) => some.map(([id]) => id),
  );
}

const single = logicalIds(stack);

const deployed = {
  logicalIds: single,
  hub: {
    bus: hub.one('AWS::Events::EventBus').Properties.Name,
    logicalIds: pickBy(
      mapValues(logicalIds(hub), (ids, type) =>
        ids.filter((id) => !single[type]?.includes(id) && !/Bucket/.test(type)),
      ),
      (ids) => ids.length > 0,
    ),
  },
  spoke: {
    stack: spokeStackName(us),
    logicalIds: logicalIds(spoke),
    names: Object.values(spoke.template.Resources).flatMap(({ Properties = {} }) => {
      const { RoleName, Name, QueueName, AliasName, BucketName } = Properties;
      return RoleName ?? Name ?? QueueName ?? AliasName ?? BucketName ?? [];
    }),
  },
  buckets: stack.all('AWS::S3::Bucket').flatMap(([, { Properties }]) => Properties.BucketName ?? []),
  roles: stack.all('AWS::IAM::Role').flatMap(([, { Properties }]) => Properties.RoleName ?? []),
  alarms: stack
    .all('AWS::CloudWatch::Alarm')
    .map(([, { Properties }]) => Properties.AlarmName)
    .sort(),
  outputs: Object.keys(stack.template.Outputs).sort(),
  environment: Object.fromEntries(
    stack
      .all('AWS::Lambda::Function')
      .filter(([, { Properties }]) => Properties.Environment)
      .map(([id, { Properties }]) => [id, Object.keys(Properties.Environment.Variables).sort()]),
  ),
  metrics: { namespace: metricsNamespace, ...metricsDimensions, emitted: Object.keys(metrics) },
};

async function sweepAnswer(): Promise<string[]> {
  const world = makeWorld({
    now: '2026-11-23T12:00:00Z',
    config: {
      operators: [{ email: 'oncall@example.com' }],
      tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
    },
  });
  world.rds.createInstance({ id: 'orders', created: at('2026-11-01'), retention: 7 });
  world.rds.setLatestRestorable('orders', at('2026-11-20'));
  world.rds.takeBackup('orders', { kind: 'automated', at: at('2026-11-20') });
  const { report } = await world.sweep();
  return fieldsOf(JSON.parse(JSON.stringify(report)));
}

/** Lists of names in one order: that of a schema or a table breaks nobody. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value))
    return value.every((name) => typeof name === 'string') ? value.toSorted() : value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, sorted(part)]));
}

describe('what deployed stacks and their readers rely on stays as it is', () => {
  const found: Record<string, Record<string, unknown>> = { deployed, ledger, words, json, messages };
  const parts = Object.entries(found).flatMap(([group, parts]) =>
    Object.keys(parts).map((part) => [group, part] as const),
  );

  it.each(parts)('%s: %s', (group, part) => {
    const pins = pinned[group as keyof typeof pinned] as Readonly<Record<string, unknown>>;
    expect(sorted(found[group]?.[part]), rule).toEqual(sorted(pins[part]));
  });

  it('is pinned as a whole', () => {
    for (const [group, parts] of Object.entries(found)) {
      expect(Object.keys(pinned[group as keyof typeof pinned]).sort()).toEqual(Object.keys(parts).sort());
    }
  });

  it('the answer of a sweep', async () => {
    expect(sorted(await sweepAnswer()), rule).toEqual(sorted(pinned.sweepAnswer));
  });
});
