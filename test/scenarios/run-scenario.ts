/** One row of the scenario table that the evaluation of one database cannot show: a run, or an event, over a simulated RDS. */
import { type DatabaseKind, findingWithin, type Severity, type VerdictName } from '../../shared/domain/index.ts';
import { tagChangeLine } from '../../shared/notifications/compose/tag-facts.ts';
import { findingOf, type Reader, reasonOf, resolutionOf } from '../../shared/reasons/index.ts';
import type { SweepRun } from '../../shared/sweep/run.ts';
import { makeWorld, type World, where } from '../support/world.ts';
import { type AlertColumn, t } from './scenario.ts';

export interface RunScenario {
  /** The situation in words. */
  readonly title: string;
  /** The configuration, as its file has it. */
  readonly config: object;
  /** What happens before, from 23 Nov 12:00 on. */
  readonly given?: (world: World) => unknown;
  /** What the row is of; by default a sweep. */
  readonly run?: (world: World) => Promise<unknown>;
  /** What it is about; by default the instance `orders`. */
  readonly about?: { readonly database: string; readonly kind?: DatabaseKind } | { readonly tenant: string };
  readonly expect: ExpectedOfRun;
}

export interface ExpectedOfRun {
  /** Null where it has none: a tenant, or a database that nobody watches. */
  readonly verdict: VerdictName | null;
  readonly severity: Severity;
  /** The code of the cause, or of what operators are notified of instead. */
  readonly cause: string | null;
  readonly notes?: readonly string[];
  /** A part of the reason, as operators read it. */
  readonly reason: string;
  readonly alert: AlertColumn;
}

export interface PlayedRun {
  readonly at: Date;
  readonly newest?: Date;
  readonly verdict: string | null;
  readonly severity: string;
  readonly cause: string | null;
  readonly notes: readonly string[];
  readonly reason: string;
  readonly alert: AlertColumn;
}

export async function playRun(scenario: RunScenario): Promise<PlayedRun> {
  const { config, given, run = (one) => one.sweep(), about = { database: 'orders' } } = scenario;
  const world = makeWorld({ now: t('23 Nov 12:00').toISOString(), config });
  await given?.(world);
  world.notified.splice(0);
  world.published.splice(0);
  const answer = await run(world);
  return 'tenant' in about ? ofTenant(world) : ofDatabase(world, about, answer as Partial<SweepRun> | undefined);
}

async function ofDatabase(
  world: World,
  { database: id, kind = 'instance' }: { readonly database: string; readonly kind?: DatabaseKind },
  run: Partial<SweepRun> | undefined,
): Promise<PlayedRun> {
  const at = world.rds.now;
  const reader: Reader = { now: at, audience: 'operators' };
  const rows = await world.ledger.databasesByName({ ...where, kind, id });
  // Another one of the name, which a copy shows, is nobody's.
  const row = rows.find(({ verdict }) => verdict !== undefined) ?? rows[0];
  if (row === undefined) throw new Error(`the ledger has no ${kind} ${id}`);
  const sent =
    world.notified.find(({ alert }) => alert.database === row.key) ??
    world.notified.find(({ alert }) => alert.databaseId === id && alert.databaseKind === kind);
  const alert = sent ? (`${sent.step} ${sent.alert.severity}` as AlertColumn) : row.alert ? 'silent' : 'none';
  const finding = findingOf(row);
  if (finding !== undefined) {
    const { verdict, severity, cause, notes, newestBackup } = findingWithin(finding);
    return {
      at,
      ...(newestBackup && { newest: newestBackup.time }),
      verdict,
      severity,
      cause: cause?.code ?? null,
      notes: notes.map(({ code }) => code),
      reason: reasonOf(finding, { id, kind, evaluatedAt: at }, reader),
      alert,
    };
  }
  const unwatched = { at, verdict: null, severity: 'info', notes: [], alert } as const;
  const notice = run?.tagNotices?.find(({ key }) => key === row.key);
  const [change] = notice?.changes ?? [];
  if (notice && change) {
    const entry = { ...notice, database: row.key, databaseId: id, change, toOperatorsAlone: false };
    const line = tagChangeLine(entry, { environments: [] });
    return { ...unwatched, cause: change.code, reason: `${line}.` };
  }
  const { resolution } = sent?.alert ?? {};
  if (sent === undefined || resolution === undefined) throw new Error(`nothing is said of ${kind} ${id}`);
  return { ...unwatched, cause: resolution.code, reason: resolutionOf(sent.alert, reader) ?? '' };
}

function ofTenant(world: World): PlayedRun {
  const message = world.published.find(({ attributes }) => attributes.kind === 'tenant-unwatched');
  if (message === undefined) throw new Error('nothing is said of a tenant');
  const { attributes, texts } = message;
  const { tenants } = texts.body as { tenants: readonly { readonly step: string; readonly severity: Severity }[] };
  const [said] = tenants;
  // As its e-mail says why, and what to do.
  const lines = [...String(texts.email).matchAll(/^ {2}(?:Why|Next step) {2,}(.+)$/gm)].map(([, text]) => text);
  return {
    at: world.rds.now,
    verdict: null,
    severity: attributes.severity,
    cause: attributes.kind,
    notes: [],
    reason: lines.length > 0 ? lines.join(' ') : `${message.subject}.`,
    alert: `${said?.step} ${said?.severity}` as AlertColumn,
  };
}
