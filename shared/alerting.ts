/**
 * Tells people of alerts. Their intents are written before this is called; here they are published, one message a tenant,
 * and confirmed. What stops half-way leaves the intent, and the next look publishes it again.
 */
import pMap from 'p-map';
import type { Fleet } from './config/fleet.ts';
import type { Ledger } from './ledger/ledger.ts';
import { type Context, composeAlerts, type Entry, fullListOf, mostListed } from './messages/alerts.ts';
import { composeManyTenants } from './messages/digest.ts';
import type { Message } from './messages/message.ts';
import type { Alert, AlertStep, Audience, DatabaseKey, DatabaseRow } from './model.ts';
import { acknowledge, confirm, openAlert, snooze, staysOnRow } from './rules/alert.ts';
import { formatUtc, hourMs } from './text.ts';

export interface Publisher {
  publish(message: Message): Promise<void>;
}

/** Keeps lists that are too long for a message. */
export interface Lists {
  /** Stores a text under a name (`alerts/<when>-<what>.txt`) and returns the link that people follow to it. */
  put(name: string, body: string): Promise<string>;
}

export interface Telling {
  readonly ledger: Ledger;
  readonly publisher: Publisher;
  readonly lists: Lists;
  readonly fleet: Pick<Fleet, 'account' | 'region' | 'alerts'>;
}

/** One alert whose step is to be told: the row as it was just written, with the alert and its intent on it. */
export interface Told {
  readonly row: DatabaseRow;
  readonly alert: Alert;
  readonly step: AlertStep;
  /** What the row's `checkAt` becomes once this was told. */
  readonly checkAtOnceTold?: Date;
}

/** How many alerts were told; a rise in severity counts as a reminder. */
export interface Tally {
  readonly opened: number;
  readonly reminded: number;
  readonly resolved: number;
  /** What could not be told, stored or confirmed; it is tried again. */
  readonly errors: readonly string[];
}

/** Tenants alerted within this time count together against `digestAbove`. */
const digestHours = 6;

const atOnce = 10;

/** Writers of one row meet rarely; as many in a row as this means that something is wrong. */
const maxConflicts = 10;

/**
 * Publishes one message a tenant (one of what is missing, one of what is resolved), and confirms each alert whose
 * messages all went out. Where more than `digestAbove` tenants are alerted within six hours, operators get one digest of
 * this run instead; tenants' own recipients still get their message. One that fails does not keep back the others.
 */
export async function tell(deps: Telling, told: readonly Told[], now: Date): Promise<Tally> {
  if (told.length === 0) return { opened: 0, reminded: 0, resolved: 0, errors: [] };
  const errors: string[] = [];
  const untold = new Set<Told>();
  const audiences = new Map<Told, Audience>();
  const send = async (letter: Letter) => {
    try {
      await deps.publisher.publish(await compose(deps, letter, now, errors));
    } catch (error) {
      errors.push(`not told, tried again later: ${letter.name}: ${messageOf(error)}`);
      for (const one of letter.told) untold.add(one);
    }
  };
  const letters = await plan(deps, told, now, errors);
  for (const { told: its, audience } of letters) {
    for (const one of its) audiences.set(one, both(audiences.get(one), audience));
  }
  await pMap(letters, send, { concurrency: atOnce });
  const out = told.filter((one) => !untold.has(one));
  await confirmAll(deps.ledger, out, (one) => audiences.get(one) ?? 'all', now, errors);
  const count = (...steps: AlertStep[]) => out.filter(({ step }) => steps.includes(step)).length;
  return { opened: count('open'), reminded: count('remind', 'rise'), resolved: count('resolve'), errors };
}

/** Whom two messages reach together. */
function both(one: Audience | undefined, other: Audience): Audience {
  return one === undefined || one === other ? other : 'all';
}

/** A message to be composed: whom of, for whom, and whether as a digest. */
interface Letter {
  readonly name: string;
  readonly told: readonly Told[];
  readonly audience: Audience;
  readonly digest?: boolean;
}

/**
 * Which messages tell it. Databases of which RDS could not be asked are told to operators in one message, whatever the
 * number of tenants: it is one trouble, and not the tenants'. Those hear of theirs once it is critical.
 */
async function plan({ ledger, fleet }: Telling, told: readonly Told[], now: Date, errors: string[]): Promise<Letter[]> {
  const letters: Letter[] = [];
  for (const kind of ['missing', 'restored'] as const) {
    const ofKind = told.filter(({ step }) => (step === 'resolve') === (kind === 'restored'));
    if (ofKind.length === 0) continue;
    const unknown = ofKind.filter(isUnknown);
    const known = ofKind.filter((one) => !isUnknown(one));
    const tenants = new Set(known.map(({ alert }) => alert.tenant));
    if (kind === 'missing' && tenants.size > 0 && tenants.size <= fleet.alerts.digestAbove) {
      for (const tenant of await tenantsAlerted(ledger, now, errors)) tenants.add(tenant);
    }
    const digest = tenants.size > fleet.alerts.digestAbove;
    if (unknown.length > 0) letters.push({ name: `operators, ${kind}`, told: unknown, audience: 'operators' });
    if (digest) letters.push({ name: `operators, digest, ${kind}`, told: known, audience: 'operators', digest });
    const ofTenants = ofKind.filter((one) => !isUnknown(one) || one.alert.severity === 'critical');
    for (const [tenant, its] of byTenant(ofTenants)) {
      const operatorsKnow = digest || its.every(isUnknown);
      letters.push({ name: `tenant ${tenant}, ${kind}`, told: its, audience: operatorsKnow ? 'tenant' : 'all' });
    }
  }
  return letters;
}

function byTenant(told: readonly Told[]): Map<string, Told[]> {
  const groups = new Map<string, Told[]>();
  for (const one of told) groups.set(one.alert.tenant, [...(groups.get(one.alert.tenant) ?? []), one]);
  return groups;
}

function isUnknown({ alert }: Told): boolean {
  return alert.verdict === 'unknown';
}

/**
 * Tenants that were told of something missing within the last six hours and have it open still. They only decide whether
 * operators get a digest: where they cannot be read, each tenant's message goes out as ever.
 */
async function tenantsAlerted(ledger: Ledger, now: Date, errors: string[]): Promise<Set<string>> {
  const since = now.getTime() - digestHours * hourMs;
  const tenants = new Set<string>();
  try {
    for await (const { tenant, notified, verdict } of ledger.openAlerts()) {
      const last = notified.at(-1)?.at;
      if (last && last.getTime() > since && verdict !== 'unknown') tenants.add(tenant);
    }
  } catch (error) {
    errors.push(`who was told in the last ${digestHours} hours could not be read: ${messageOf(error)}`);
  }
  return tenants;
}

async function compose(deps: Telling, letter: Letter, now: Date, errors: string[]): Promise<Message> {
  const entries = letter.told.map(entryOf);
  const { account, region, alerts } = deps.fleet;
  const fullList =
    letter.digest || entries.length > mostListed ? await store(deps, letter, entries, now, errors) : undefined;
  const context: Context = { account, region, runbookUrl: alerts.runbookUrl, now, ...(fullList && { fullList }) };
  return letter.digest ? composeManyTenants(entries, context) : composeAlerts(entries, letter.audience, context);
}

function entryOf({ alert, step, row }: Told): Entry {
  return { alert, step, ...(row.engine !== undefined && { engine: row.engine }) };
}

/** The link to the full list. Without it a message is still better than none. */
async function store(
  { lists }: Telling,
  letter: Letter,
  entries: readonly Entry[],
  now: Date,
  errors: string[],
): Promise<string | undefined> {
  const name = letter.name.replace(/[^\w-]+/g, '-');
  try {
    return await lists.put(`alerts/${now.toISOString().replaceAll(':', '')}-${name}.txt`, fullListOf(entries, now));
  } catch (error) {
    errors.push(`the full list was not stored: ${letter.name}: ${messageOf(error)}`);
    return undefined;
  }
}

/** Rows are read again, 100 a call: others may have written since, and the version that was written is known only there. */
async function confirmAll(
  ledger: Ledger,
  told: readonly Told[],
  toldTo: (one: Told) => Audience,
  now: Date,
  errors: string[],
): Promise<void> {
  const batches = Array.from({ length: Math.ceil(told.length / 100) }, (_, i) => told.slice(i * 100, (i + 1) * 100));
  for (const batch of batches) {
    try {
      const rows = new Map((await ledger.databases(batch.map(({ row }) => row.key))).map((row) => [row.key, row]));
      const confirmRow = async (one: Told) => {
        const row = rows.get(one.row.key);
        try {
          if (row) await confirmOne(ledger, one, toldTo(one), row, now);
        } catch (error) {
          errors.push(`told but not confirmed, so told again later: ${one.alert.databaseId}: ${messageOf(error)}`);
        }
      };
      await pMap(batch, confirmRow, { concurrency: atOnce });
    } catch (error) {
      errors.push(`told but not confirmed, so told again later: ${batch.length} databases: ${messageOf(error)}`);
    }
  }
}

async function confirmOne(ledger: Ledger, told: Told, to: Audience, row: DatabaseRow, now: Date): Promise<void> {
  await write(ledger, row, (fresh) => {
    const alert = fresh.alert;
    if (!alert || !sameIntent(alert, told.alert)) return undefined;
    const confirmed = confirm(alert, to, now);
    const { alert: _, checkAt, ...rest } = fresh;
    const look = checkAt?.getTime() === told.row.checkAt?.getTime() ? told.checkAtOnceTold : checkAt;
    return {
      row: { ...rest, ...(staysOnRow(confirmed) && { alert: confirmed }), ...(look && { checkAt: look }) },
      alert: confirmed,
    };
  });
}

function sameIntent(a: Alert, b: Alert): boolean {
  return (
    a.opened.getTime() === b.opened.getTime() &&
    a.intent !== undefined &&
    a.intent.step === b.intent?.step &&
    a.intent.at.getTime() === b.intent.at.getTime()
  );
}

interface Change {
  readonly row: DatabaseRow;
  readonly alert: Alert;
}

/** Applies a change to the row that was read, and where somebody else wrote in between to the fresh one. */
async function write(
  ledger: Ledger,
  row: DatabaseRow,
  change: (row: DatabaseRow) => Change | undefined,
): Promise<Alert | undefined> {
  let fresh: DatabaseRow | undefined = row;
  for (let conflicts = 0; fresh && conflicts < maxConflicts; conflicts += 1) {
    const changed = change(fresh);
    if (!changed) return undefined;
    if ((await ledger.putDatabaseWithAlert(changed.row, changed.alert)) === 'written') return changed.alert;
    [fresh] = await ledger.databases([row.key]);
  }
  if (!fresh) return undefined;
  throw new Error(`the row of database ${row.key} was changed by others ${maxConflicts} times in a row`);
}

/** Somebody looks after a database's open alert: no reminders until it gets worse. */
export function acknowledgeAlert(
  ledger: Ledger,
  database: DatabaseKey,
  who: { readonly by: string; readonly note?: string },
  now: Date,
): Promise<Alert | 'no open alert'> {
  return changeOpenAlert(ledger, database, (row, alert) => ({ row, alert: acknowledge(alert, who, now) }));
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
  return changeOpenAlert(ledger, database, (row, alert) => {
    const checkAt = row.checkAt && row.checkAt < quiet.until ? row.checkAt : quiet.until;
    return { row: { ...row, checkAt }, alert: snooze(alert, quiet, now) };
  });
}

async function changeOpenAlert(
  ledger: Ledger,
  database: DatabaseKey,
  change: (row: DatabaseRow, alert: Alert) => Change,
): Promise<Alert | 'no open alert'> {
  const [row] = await ledger.databases([database]);
  if (!row) return 'no open alert';
  const changed = await write(ledger, row, (fresh) => {
    const alert = openAlert(fresh.alert);
    if (!alert) return undefined;
    const next = change(fresh, alert);
    return { ...next, row: { ...next.row, alert: next.alert } };
  });
  return changed ?? 'no open alert';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
