/**
 * Keys of native dumps in their staging buckets: what the placeholders of a pattern stand for, and which databases' patterns can
 * lead to one key. A dump that two databases would take is copied to another tenant's bucket.
 */
import { groupBy } from 'es-toolkit/array';
import { type BackupKind, type DatabaseName, formatEnvironment } from '../domain/index.ts';
import { dayMs } from '../lib/time.ts';
import type { CopyPolicy } from './fleet.ts';
import { timeZoneMistake } from './time-zones.ts';

/** The backup whose dump is looked for. */
export interface BackupOfDump {
  readonly snapshotId: string;
  /** The moment that its data is from. */
  readonly time: Date;
}

/** A database with what its patterns may name. */
export interface DumpedDatabase extends DatabaseName {
  readonly tenant: string;
  readonly copy: Pick<CopyPolicy, 'kinds' | 'staging'>;
}

type Names = Omit<DumpedDatabase, 'copy'>;

const placeholder =
  /\{(?:snapshotId|databaseId|kind|account|region|tenant|date(?<days>[+-]1)?(?::(?<timeZone>[^{}]+))?)\}/g;
/** What means to be a date in a key: `{date-1:Europe/London}`, also where it is none. */
const dateLike = /\{date[-+:][^{}]*\}/g;

/** What is wrong with a pattern. */
export function stagingKeyMistake(pattern: string): string | undefined {
  for (const [found] of pattern.matchAll(dateLike)) {
    const [date] = [...found.matchAll(placeholder)];
    const { timeZone } = date?.groups ?? {};
    if (!date) {
      return `has ${found}; a date is {date}, {date-1} or {date+1}, each perhaps with its time zone: {date-1:Europe/London}`;
    }
    const mistake = timeZone !== undefined && timeZoneMistake(timeZone);
    if (mistake) return `has ${found}, whose time zone ${mistake}`;
  }
  return undefined;
}

/** Whether a pattern names a prefix, under which the newest object is the dump. */
export function isPrefix(pattern: string): boolean {
  return pattern.endsWith('/');
}

/** Whether a pattern names the very backup: then its dump is known by its key. */
export function namesSnapshot(pattern: string): boolean {
  return pattern.includes('{snapshotId}');
}

/** Whether a pattern names the database, by itself or by its snapshot. Else all databases share its key. */
export function namesDatabase(pattern: string): boolean {
  return namesSnapshot(pattern) || pattern.includes('{databaseId}');
}

/** The key, or the prefix, of the dump of a backup. What is no placeholder stays as it is. */
export function stagingKey(pattern: string, database: Names, { snapshotId, time }: BackupOfDump): string {
  return replaced(pattern, database, snapshotId, (days, timeZone) => {
    const local = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(time);
    return new Date(Date.parse(local) + days * dayMs).toISOString().slice(0, 10);
  });
}

function replaced(
  pattern: string,
  database: Names,
  snapshotId: string,
  dateOf: (days: number, timeZone: string) => string,
): string {
  const { id: databaseId, kind, account, region, tenant } = database;
  const values: Readonly<Record<string, string>> = { snapshotId, databaseId, kind, account, region, tenant };
  return pattern.replace(placeholder, (found, days?: string, timeZone?: string) => {
    return values[found.slice(1, -1)] ?? dateOf(Number(days ?? 0), timeZone ?? 'UTC');
  });
}

// Which keys meet ------------------------------------------------------------------------------------------------------

/** Stands for any digit. Characters of the private use area stand for what is not known yet; those from here on for ids. */
const digit = '\uE000';
const firstId = 0xe001;
const lastOfPrivateUse = 0xf8ff;
const date = '0000-00-00'.replaceAll('0', digit);
const idCharacters = /^[a-z0-9-]$/;

/**
 * The databases of which two can have one key, each with another one whose key it can have (the first in the list). Keys are
 * compared for any dates and any snapshots: whether there is a key that both patterns lead to. Ids of snapshots tell databases
 * apart as far as RDS does: it has one snapshot of a name in an account, Region and kind, names automated ones after their
 * database, and AWS Backup names each by its job.
 */
export function sharedKeys<Database extends DumpedDatabase>(
  databases: readonly Database[],
): ReadonlyMap<Database, Database> {
  const met = new Map<number, number>();
  const buckets = groupBy(templatesOf(databases, new Marks()), ({ bucket }) => bucket);
  for (const templates of Object.values(buckets)) findMeetings(templates, templates, met);
  return new Map(
    [...met]
      .sort(([one], [other]) => one - other)
      .flatMap(([one, other]) => {
        const [database, first] = [databases[one], databases[other]];
        return database && first ? [[database, first] as const] : [];
      }),
  );
}

/** The first of some other databases whose key a database can have, as `sharedKeys` compares them. */
export function sharesKeyWith<Database extends DumpedDatabase>(
  database: DumpedDatabase,
  others: readonly Database[],
): Database | undefined {
  const marks = new Marks();
  const met = new Map<number, number>();
  const own = templatesOf([database], marks).map((template) => ({ ...template, owner: ownOwner }));
  const inBucket = templatesOf(others, marks).filter(({ bucket }) => bucket === database.copy.staging?.bucket);
  findMeetings(own, inBucket, met);
  return others[met.get(ownOwner) ?? ownOwner];
}

const ownOwner = -1;

/** The characters that stand for ids, one for each namespace in which an id is one database's. */
class Marks {
  readonly #marks = new Map<string, string>();

  of(namespace: string): string {
    const known = this.#marks.get(namespace) ?? String.fromCharCode(firstId + this.#marks.size);
    this.#marks.set(namespace, known);
    return known;
  }
}

/** A key, in which marks stand for what is not known yet. */
interface Template {
  /** The place of its database in the list. */
  readonly owner: number;
  readonly bucket: string;
  readonly text: string;
}

/** The keys of each database's pattern: one for each way in which RDS names the snapshots that are copied. */
function templatesOf(databases: readonly DumpedDatabase[], marks: Marks): Template[] {
  const byJob = `awsbackup:${marks.of('awsbackup')}`;
  return databases.flatMap((database, owner) => {
    const { staging, kinds } = database.copy;
    if (!staging) return [];
    const byPerson = marks.of(`${formatEnvironment(database)}/${database.kind}`);
    const names: Readonly<Record<BackupKind, readonly string[]>> = {
      automated: [`rds:${database.id}-${date}-${digit}${digit}-${digit}${digit}`],
      awsbackup: [byJob],
      manual: [byPerson],
      copy: [byJob, byPerson],
    };
    const ids = new Set(kinds.flatMap((kind) => names[kind]));
    const texts = new Set([...ids].map((snapshotId) => replaced(staging.key, database, snapshotId, () => date)));
    return [...texts].map((text) => ({ owner, bucket: staging.bucket, text }));
  });
}

/** What several templates begin with: the rest of each begins at `at`. */
interface Node {
  readonly id: number;
  readonly at: number;
  /** The mark of the id that its last character belongs to, which may have more characters. */
  readonly within: string | undefined;
  readonly templates: readonly Template[];
  /** By their first character. */
  readonly children: () => ReadonlyMap<string, Node>;
}

/**
 * Walks through all keys of all templates side by side, character by character, in pairs of beginnings that can be the same
 * text. `inStep`: both are within an id of one namespace that began at the same character; if it ends at the same one, it is
 * the same id, and two databases do not have it.
 */
function findMeetings(some: readonly Template[], others: readonly Template[], met: Map<number, number>): void {
  let nodes = 0;
  const nodeOf = (templates: readonly Template[], at: number, within?: string): Node => {
    const id = nodes++;
    let known: ReadonlyMap<string, Node> | undefined;
    const children = () => {
      const longer = templates.filter(({ text }) => at < text.length);
      const groups = Object.entries(groupBy(longer, ({ text }) => text.charAt(at)));
      return new Map(groups.map(([mark, group]) => [mark, nodeOf(group, at + 1, isId(mark) ? mark : undefined)]));
    };
    return { id, at, within, templates, children: () => (known ??= children()) };
  };
  const waiting: { readonly one: Node; readonly other: Node; readonly inStep: boolean }[] = [];
  const visited = new Set<string>();
  const visit = (a: Node, b: Node, inStep: boolean) => {
    const [one, other] = a.id <= b.id ? [a, b] : [b, a];
    const pair = `${one.id} ${other.id} ${inStep}`;
    if (visited.has(pair) || isOneOwners(one, other)) return;
    visited.add(pair);
    waiting.push({ one, other, inStep });
  };
  const root = nodeOf(some, 0);
  visit(root, some === others ? root : nodeOf(others, 0), false);
  for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
    const { one, other, inStep } = pair;
    if (!inStep) {
      note(endingAt(one), endingAt(other), met);
      // Whatever begins with a prefix lies under it.
      if (isPrefixAt(one)) note(endingAt(one), ownersOf(other.templates), met);
      if (isPrefixAt(other)) note(endingAt(other), ownersOf(one.templates), met);
    }
    for (const [mark, next] of one.children()) {
      if (other.within !== undefined && canBe(mark, other.within)) visit(next, other, false);
    }
    for (const [mark, next] of other.children()) {
      if (one.within !== undefined && canBe(mark, one.within)) visit(one, next, false);
    }
    if (inStep) continue;
    for (const [mark, next] of one.children()) {
      for (const [otherMark, otherNext] of partners(mark, other)) {
        visit(next, otherNext, isId(mark) && mark === otherMark);
      }
    }
  }
}

/** Where a pair belongs to one database there is nobody to meet. */
function isOneOwners(one: Node, other: Node): boolean {
  const [first] = one.templates;
  const isFirsts = ({ owner }: Template) => owner === first?.owner;
  return one.templates.every(isFirsts) && other.templates.every(isFirsts);
}

function partners(mark: string, { children }: Node): Iterable<readonly [string, Node]> {
  const all = children();
  const same = all.get(mark);
  const exact = !isMark(mark) && ![...all.keys()].some(isMark);
  if (exact) return same ? [[mark, same]] : [];
  return [...all].filter(([other]) => canBe(mark, other));
}

function isMark(character: string): boolean {
  return character >= digit && character.charCodeAt(0) <= lastOfPrivateUse;
}

function isId(character: string): boolean {
  return isMark(character) && character !== digit;
}

/** Whether two characters of templates can be the same one of a key. */
function canBe(one: string, other: string): boolean {
  if (one === other) return true;
  if (isId(one)) return isMark(other) || idCharacters.test(other);
  if (isId(other)) return canBe(other, one);
  return (one === digit && /^\d$/.test(other)) || (other === digit && /^\d$/.test(one));
}

function ownersOf(templates: readonly Template[]): readonly number[] {
  return templates.map(({ owner }) => owner);
}

function endingAt({ templates, at }: Node): readonly number[] {
  return ownersOf(templates.filter(({ text }) => text.length === at));
}

function isPrefixAt({ templates, at }: Node): boolean {
  return templates.some(({ text }) => text.length === at && isPrefix(text));
}

/** Notes of each database the first that it meets. */
function note(some: readonly number[], others: readonly number[], met: Map<number, number>): void {
  meet(some, others, met);
  meet(others, some, met);
}

function meet(some: readonly number[], others: readonly number[], met: Map<number, number>): void {
  const [first, second] = [...new Set(others)].sort((a, b) => a - b);
  for (const one of some) {
    const other = first === one ? second : first;
    if (other !== undefined && other < (met.get(one) ?? Number.POSITIVE_INFINITY)) met.set(one, other);
  }
}
