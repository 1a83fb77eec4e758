/**
 * Notifies people of alerts. What is pending was written with each alert before this is called; here it is published, one
 * message a tenant, and confirmed. What stops half-way stays pending, and the next check publishes it again.
 */
import { chunk } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type Alert,
  type AlertId,
  type AlertStep,
  type AlertStepEntry,
  type Audience,
  alertStepOf,
  type DatabaseKey,
  type DatabaseRow,
  isShare,
  isSharedOwner,
  type MessageAudience,
  type Unrecognized,
  wasNotified,
} from '../domain/index.ts';
import { acknowledge, confirm, openAlert, restate, retryAt, snooze, staysOnRow } from '../evaluation/index.ts';
import { type Ledger, type RowWithAlert, type UnreadableRow, updateAlert } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { formatUtc, hourMs } from '../lib/time.ts';
import type { AlertEntry } from './compose/alert-entry.ts';
import { type MessageContext, type MessageFleet, messageContext, mostListed } from './compose/context.ts';
import { fullListOf } from './compose/full-list.ts';
import type { OutgoingMessage } from './message.ts';
import { composeAlerts, composeManyTenants } from './messages.ts';

export interface Publisher {
  publish(message: OutgoingMessage): Promise<void>;
}

/** Keeps what is too long for a message: full lists, and the report's page. */
export interface ReportStore {
  /** Stores a text under a name (`alerts/<when>-<what>.txt`) and returns the link that people follow to it. */
  put(name: string, body: string): Promise<string>;
}

export interface NotifyDependencies {
  readonly ledger: Ledger;
  readonly publisher: Publisher;
  readonly reports: ReportStore;
  readonly fleet: MessageFleet;
}

/** One alert whose pending step people are to be notified of, with its database's row, both as they were just written. */
export interface AlertNotification {
  readonly row: DatabaseRow;
  readonly alert: Alert;
  readonly step: AlertStep | Unrecognized;
  /** What the row's `nextCheckAt` becomes once people were notified. */
  readonly nextCheckOnceNotified?: Date;
}

/** How many alerts people were notified of; a rise in severity counts as a reminder. */
export interface NotifiedCounts {
  readonly opened: number;
  readonly reminded: number;
  readonly resolved: number;
  /** What could not be published, stored or confirmed; it is tried again. */
  readonly errors: readonly string[];
}

/** Tenants alerted within this time count together against `digestAbove`. */
const digestHours = 6;

const atOnce = 10;

/** Rows that a call of the ledger reads. */
const batchSize = 100;

/**
 * Publishes one message a tenant (one of what is missing, one of what is resolved) for its own recipients and one for
 * operators, each in their words, and confirms each alert whose messages all went out. Where more than `digestAbove` tenants
 * are alerted within six hours, operators get one digest of this run instead of theirs. One that fails does not keep back the others.
 */
export async function notify(
  deps: NotifyDependencies,
  notifications: readonly AlertNotification[],
  now: Date,
): Promise<NotifiedCounts> {
  if (notifications.length === 0) return { opened: 0, reminded: 0, resolved: 0, errors: [] };
  const errors: string[] = [];
  const unsent = new Set<AlertNotification>();
  const audiences = new Map<AlertNotification, Audience>();
  const leaveUnsent = (name: string, some: readonly AlertNotification[], error: unknown) => {
    errors.push(`not notified, tried again later: ${name}: ${errorText(error)}`);
    for (const one of some) unsent.add(one);
  };
  const send = async (planned: PlannedMessage) => {
    const { composable, others } = separate(deps, planned, now);
    for (const [one, error] of others) leaveUnsent(`${planned.name}, ${one.alert.databaseId}`, [one], error);
    if (composable.length === 0) return;
    try {
      await deps.publisher.publish(await compose(deps, { ...planned, notifications: composable }, now, errors));
    } catch (error) {
      leaveUnsent(planned.name, composable, error);
    }
  };
  const messages = await plan(deps, notifications, now, errors);
  for (const { notifications: its, audience } of messages) {
    for (const one of its) audiences.set(one, both(audiences.get(one), audience));
  }
  await pMap(messages, send, { concurrency: atOnce });
  const sent = notifications.filter((one) => !unsent.has(one));
  // Of a share that is no message to its tenant, operators are notified with its database.
  const reached = (one: AlertNotification) => audiences.get(one) ?? (isShare(one.row.key) ? 'operators' : 'all');
  await confirmAll(deps.ledger, sent, reached, now, errors);
  const count = (as: AlertStepEntry['countedAs']) =>
    sent.filter(({ step }) => alertStepOf(step)?.countedAs === as).length;
  return { opened: count('opened'), reminded: count('reminded'), resolved: count('resolved'), errors };
}

/** Whom two messages reach together. */
function both(one: Audience | undefined, other: Audience): Audience {
  return one === undefined || one === other ? other : 'all';
}

/** A message to be composed: of which alerts, for whom, and whether as a digest. */
interface PlannedMessage {
  readonly name: string;
  readonly notifications: readonly AlertNotification[];
  readonly audience: MessageAudience;
  readonly digest?: boolean;
}

/**
 * Which messages notify of them. Operators are notified of all databases for which RDS did not respond in one message,
 * whatever the number of tenants: it is one trouble, and not the tenants'. Those are notified of theirs once it is critical. Where a
 * whole environment is concerned, one of several, operators have a message about it.
 */
async function plan(
  { ledger, fleet }: NotifyDependencies,
  notifications: readonly AlertNotification[],
  now: Date,
  errors: string[],
): Promise<PlannedMessage[]> {
  const messages: PlannedMessage[] = [];
  for (const kind of ['missing', 'restored'] as const) {
    const ofKind = notifications.filter(({ step }) => (step === 'resolve') === (kind === 'restored'));
    if (ofKind.length === 0) continue;
    // Of a shared database, operators have one message, whatever the number of its tenants.
    const forOperators = ofKind.filter(({ row }) => !isShare(row.key));
    const unknown = forOperators.filter((one) => isUnknown(one) && !isOfEnvironment(one));
    const known = forOperators.filter((one) => !isUnknown(one));
    const tenants = new Set(known.map(({ alert }) => alert.tenant));
    if (kind === 'missing' && tenants.size > 0 && tenants.size <= fleet.alerts.digestAbove) {
      for (const tenant of await tenantsAlerted(ledger, now, errors)) tenants.add(tenant);
    }
    const digest = tenants.size > fleet.alerts.digestAbove;
    if (unknown.length > 0) {
      messages.push({ name: `operators, ${kind}`, notifications: unknown, audience: 'operators' });
    }
    if (digest) {
      messages.push({ name: `operators, digest, ${kind}`, notifications: known, audience: 'operators', digest });
    } else {
      for (const [tenant, its] of byTenant(known)) {
        messages.push({ name: `operators, tenant ${tenant}, ${kind}`, notifications: its, audience: 'operators' });
      }
    }
    for (const [tenant, its] of byTenant(ofKind.filter(concernsTenant))) {
      messages.push({ name: `tenant ${tenant}, ${kind}`, notifications: its, audience: 'tenant' });
    }
  }
  return messages;
}

function byTenant(notifications: readonly AlertNotification[]): Map<string, AlertNotification[]> {
  const groups = new Map<string, AlertNotification[]>();
  for (const one of notifications) {
    const group = groups.get(one.alert.tenant);
    if (group) group.push(one);
    else groups.set(one.alert.tenant, [one]);
  }
  return groups;
}

function isUnknown({ alert }: AlertNotification): boolean {
  return alert.verdict === 'unknown';
}

/** Whether it is about nothing but an environment that cannot be read. */
function isOfEnvironment({ alert: { verdict, cause } }: AlertNotification): boolean {
  return verdict === 'unknown' && cause?.code === 'environment-unread';
}

/**
 * Whether the tenant's own recipients hear of an alert: of what is not known only once it is critical. Of its end whoever
 * heard of its beginning, or may have: a message that was not confirmed is perhaps there all the same.
 */
function concernsTenant({ alert }: AlertNotification): boolean {
  if (isSharedOwner(alert.tenant)) return false;
  return alert.verdict !== 'unknown' || alert.severity === 'critical' || wasNotified(alert, 'tenant');
}

/**
 * Tenants that were notified of something missing within the last six hours and have it open still. They only decide
 * whether operators get a digest: where they cannot be read, each tenant's message goes out as ever.
 */
async function tenantsAlerted(ledger: Ledger, now: Date, errors: string[]): Promise<Set<string>> {
  const since = now.getTime() - digestHours * hourMs;
  const tenants = new Set<string>();
  try {
    // The check of its database says that an alert cannot be read.
    for await (const { database, tenant, notified, verdict } of ledger.leavingOut(() => {}).openAlerts()) {
      const last = isShare(database) ? undefined : notified.at(-1)?.at;
      if (last && last.getTime() > since && verdict !== 'unknown') tenants.add(tenant);
    }
  } catch (error) {
    errors.push(`who was notified in the last ${digestHours} hours could not be read: ${errorText(error)}`);
  }
  return tenants;
}

/** Which alerts of a message can be composed, and why the others cannot: one keeps back no other. */
function separate(deps: NotifyDependencies, planned: PlannedMessage, now: Date) {
  const others = new Map<AlertNotification, unknown>();
  const tried = (some: readonly AlertNotification[]) => {
    try {
      composed(planned, some.map(entryOf), messageContext(deps.fleet, now));
      return { is: 'composed' } as const;
    } catch (error) {
      return { is: 'failed', error } as const;
    }
  };
  const { notifications } = planned;
  if (tried(notifications).is === 'composed') return { composable: notifications, others };
  for (const one of notifications) {
    const alone = tried([one]);
    if (alone.is === 'failed') others.set(one, alone.error);
  }
  return { composable: notifications.filter((one) => !others.has(one)), others };
}

async function compose(
  deps: NotifyDependencies,
  planned: PlannedMessage,
  now: Date,
  errors: string[],
): Promise<OutgoingMessage> {
  const entries = planned.notifications.map(entryOf);
  const context = messageContext(deps.fleet, now);
  const needsList = planned.digest || entries.length > mostListed;
  const fullList = needsList ? await store(deps, planned, entries, context, errors) : undefined;
  return composed(planned, entries, { ...context, ...(fullList && { fullList }) });
}

function composed(
  { audience, digest }: Pick<PlannedMessage, 'audience' | 'digest'>,
  entries: readonly AlertEntry[],
  context: MessageContext,
): OutgoingMessage {
  return digest ? composeManyTenants(entries, context) : composeAlerts(entries, audience, context);
}

function entryOf({ alert, step, row }: AlertNotification): AlertEntry {
  return { alert, step, ...(row.engine !== undefined && { engine: row.engine }) };
}

/** The link to the full list. Without it a message is still better than none. */
async function store(
  { reports }: NotifyDependencies,
  { name, audience }: PlannedMessage,
  entries: readonly AlertEntry[],
  context: MessageContext,
  errors: string[],
): Promise<string | undefined> {
  const file = `${context.now.toISOString().replaceAll(':', '')}-${name.replace(/[^\w.-]+/g, '-')}.txt`;
  try {
    return await reports.put(`alerts/${file}`, fullListOf(entries, { ...context, audience }));
  } catch (error) {
    errors.push(`the full list was not stored: ${name}: ${errorText(error)}`);
    return undefined;
  }
}

/** Rows are read again, 100 a call: others may have written since, and the version that was written is known only there. */
async function confirmAll(
  ledger: Ledger,
  sent: readonly AlertNotification[],
  audienceOf: (one: AlertNotification) => Audience,
  now: Date,
  errors: string[],
): Promise<void> {
  const failed = (what: string, error: unknown) => {
    errors.push(`notified but not confirmed, so notified again later: ${what}: ${errorText(error)}`);
  };
  const confirmOne = async (one: AlertNotification, current: Current) => {
    try {
      const known = current(one);
      const change = (fresh: RowWithAlert) => confirmed(fresh, one, audienceOf(one), now);
      if (known) await updateAlert(ledger, one.row.key, change, known);
    } catch (error) {
      failed(one.alert.databaseId, error);
    }
  };
  for (const batch of chunk(sent, batchSize)) {
    try {
      const current = await readAgain(ledger, batch);
      await pMap(batch, (one) => confirmOne(one, current), { concurrency: atOnce });
    } catch (error) {
      failed(`${batch.length} databases`, error);
    }
  }
}

/**
 * The row and the alert of a notification as they are now; undefined where the row names another alert by now. Throws where one
 * of them cannot be read, or the alert's row is not there.
 */
type Current = (one: AlertNotification) => RowWithAlert | undefined;

/** Reads the rows and the alerts of notifications, each in one call. */
async function readAgain(ledger: Ledger, notifications: readonly AlertNotification[]): Promise<Current> {
  const unreadable = new Map<DatabaseKey, UnreadableRow>();
  const lists = ledger.leavingOut((row) => {
    if (row.database !== undefined) unreadable.set(row.database, row);
  });
  const keys = notifications.map(({ row }) => row.key);
  const rows = new Map((await lists.databases(keys)).map((row) => [row.key, row]));
  const read = await lists.alerts(notifications.map(({ alert }): AlertId => alert));
  const alerts = new Map(read.map((alert) => [alert.database, alert]));
  return (one) => {
    const { key } = one.row;
    const why = unreadable.get(key);
    if (why) throw why;
    const row = rows.get(key);
    // A row without an alert is of one that has ended, or of a database that was forgotten.
    if (row === undefined || (row.alert && !names(row, one.alert))) return undefined;
    const alert = alerts.get(key);
    if (alert === undefined) throw new Error('the ledger has no row of the alert');
    return { row, alert };
  };
}

/** Whether an alert is the one that its database's row names. */
function names(row: DatabaseRow, { tenant, opened }: AlertId): boolean {
  return row.alert?.tenant === tenant && row.alert.opened.getTime() === opened.getTime();
}

/**
 * The rows once people were notified; undefined where there is nothing to write. Where another run has ended the alert
 * meanwhile, or opened it again, nobody knows which message came last: what is so now is sent once more.
 */
function confirmed(
  { row, alert }: RowWithAlert,
  notification: AlertNotification,
  to: Audience,
  now: Date,
): RowWithAlert | undefined {
  const { alert: sent, step } = notification;
  if (alert.opened.getTime() !== sent.opened.getTime() || alert.tenant !== sent.tenant) return undefined;
  if (isEnded(alert) !== (step === 'resolve')) {
    const again = restate(alert, now);
    const { tenant, opened } = again;
    const nextCheckAt = earliest(row.nextCheckAt, retryAt(again));
    return { row: { ...row, alert: { tenant, opened }, nextCheckAt }, alert: again };
  }
  if (!names(row, sent) || !samePending(alert, sent)) return undefined;
  const after = confirm(alert, to, now);
  const { alert: reference, nextCheckAt: planned, ...rest } = row;
  // Whoever moved the next check since had a reason.
  const moved = planned?.getTime() !== notification.row.nextCheckAt?.getTime();
  const nextCheckAt = moved ? planned : notification.nextCheckOnceNotified;
  const stays = staysOnRow(after) && reference;
  return { row: { ...rest, ...(stays && { alert: stays }), ...(nextCheckAt && { nextCheckAt }) }, alert: after };
}

/** Whether people are to take it for over; a deletion opens and is over at once. */
function isEnded({ resolved, pending, notified }: Alert): boolean {
  const last = pending?.step ?? notified.at(-1)?.step;
  return resolved !== undefined && last === 'resolve';
}

function samePending({ pending }: Alert, { pending: other }: Alert): boolean {
  return pending !== undefined && pending.step === other?.step && pending.at.getTime() === other.at.getTime();
}

function earliest(one: Date | undefined, other: Date): Date {
  return one !== undefined && one < other ? one : other;
}

/** Somebody looks after a database's open alert: no reminders until it gets worse. */
export function acknowledgeAlert(
  ledger: Ledger,
  database: DatabaseKey,
  who: { readonly by: string; readonly note?: string },
  now: Date,
): Promise<Alert | 'no open alert'> {
  return changeOpenAlert(ledger, database, ({ row, alert }) => ({ row, alert: acknowledge(alert, who, now) }));
}

/** Silences a database's open alert until a moment; throws where that is not ahead. */
export async function snoozeAlert(
  ledger: Ledger,
  database: DatabaseKey,
  quiet: { readonly until: Date; readonly by: string; readonly note?: string },
  now: Date,
): Promise<Alert | 'no open alert'> {
  if (quiet.until <= now) {
    throw new Error(`the end of a snooze must be ahead: got ${formatUtc(quiet.until)}, and it is ${formatUtc(now)}`);
  }
  return changeOpenAlert(ledger, database, ({ row, alert }) => {
    const nextCheckAt = row.nextCheckAt && row.nextCheckAt < quiet.until ? row.nextCheckAt : quiet.until;
    return { row: { ...row, nextCheckAt }, alert: snooze(alert, quiet, now) };
  });
}

async function changeOpenAlert(
  ledger: Ledger,
  database: DatabaseKey,
  change: (current: RowWithAlert) => RowWithAlert,
): Promise<Alert | 'no open alert'> {
  const changed = await updateAlert(ledger, database, (current) =>
    openAlert(current.alert) ? change(current) : undefined,
  );
  return changed?.alert ?? 'no open alert';
}
