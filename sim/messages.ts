/** Who was told what, by the messages alone: the texts that leave for SNS, with the attributes that its filters look at. */
import type { OutgoingMessage } from '../shared/notifications/index.ts';
import type { Run } from './gate.ts';

/** A message as a program reads it. */
export interface Sent {
  readonly at: number;
  readonly run: Run;
  /** The run's call that published it. */
  readonly call: number;
  readonly message: OutgoingMessage;
}

/** What a message says of a database. */
export type SaidOf = Pick<Said, 'key' | 'database' | 'tenant' | 'verdict' | 'severity' | 'step' | 'opened'>;

interface Said {
  readonly tenant: string;
  readonly database: string;
  readonly key: string;
  readonly step: string;
  readonly verdict: string;
  readonly severity: string;
  readonly cause: { readonly code: string } | null;
  readonly opened: string;
  readonly resolved: string | null;
  readonly newestBackup: object | null;
  readonly deadline: string | null;
}

/** What one recipient knows of one database. */
interface Known {
  isOpen: boolean;
  opened: string;
  step: string;
  severity: string;
  at: number;
  run: Run;
  /** It was heard while another run that had sent the step before was under way: nobody knows which of them was first. */
  isOvertaken: boolean;
  /** After a restore of the table, nobody can say what the ledger thinks was told. */
  isUncertain: boolean;
}

/** What the rest of the simulation answers about a message. */
export interface Judge {
  readonly problem: (database: string, expected: string, seen: string) => void;
  /** Whether an alert with this verdict was true at some moment of the run. */
  readonly wasTrue: (said: SaidOf, run: Run) => boolean;
  /** Whether its severity was true, in the run or since the alert opened: it only rises. */
  readonly wasAsSevere: (said: SaidOf, run: Run) => boolean;
  /** Whether a cause of an alert about a database held during the run. */
  readonly hadCause: (said: SaidOf, code: string, run: Run) => boolean;
  /** Whether what an alert is about was so at each moment of the run that ends it. */
  readonly lasts: (said: SaidOf, code: string | undefined, run: Run) => boolean;
  /** Whether a tenant ever had a database of this name. */
  readonly hadDatabase: (tenant: string, name: string) => boolean;
  readonly names: () => Iterable<string>;
  readonly tenants: readonly string[];
  readonly reminderHours: number;
}

const hour = 3_600_000;

/** Runs whose end takes this long may be overtaken by the first retry. */
const retryAfterMs = 14 * 60_000;

export class Recipients {
  readonly #judge: Judge;
  readonly #known = new Map<string, Known>();
  readonly #silenced = new Set<string>();
  readonly doublesBy: Record<string, number> = {};
  readonly countsBy: Record<string, number> = {};
  /** Messages to tenants. */
  toTenants = 0;
  orphans = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** When a message last had more databases than it lists. */
  #cutAt = Number.NEGATIVE_INFINITY;

  constructor(judge: Judge) {
    this.#judge = judge;
  }

  /** Somebody asked for silence about a database: reminders have other times from now on. */
  silence(key: string): void {
    this.#silenced.add(key);
  }

  /** SNS refused a message: perhaps an end, after which the alert begins again for those who did not hear of it. */
  refused(at: number): void {
    this.#refusedAt = at;
  }

  /** Whether somebody who has to know since a moment of an alert does; `undefined` where nobody can say. */
  knows(who: 'operators' | 'tenant', key: string, tenant: string, since: number): boolean | undefined {
    const known = this.#known.get(`${who} ${key} ${tenant}`);
    if (known?.isUncertain || (known === undefined && since <= this.#cutAt)) return undefined;
    return known?.isOpen ?? false;
  }

  /** The severity that somebody knows of an open alert; `undefined` where it is not open, or nobody can say. */
  severityOf(who: 'operators' | 'tenant', key: string, tenant: string): string | undefined {
    const known = this.#known.get(`${who} ${key} ${tenant}`);
    return known?.isOpen && !known.isUncertain ? known.severity : undefined;
  }

  /** Whether somebody has heard since a moment that an alert is over. */
  hasHeardOfItsEnd(who: 'operators' | 'tenant', key: string, tenant: string, since: number): boolean {
    const known = this.#known.get(`${who} ${key} ${tenant}`);
    return known?.step === 'resolve' && known.at >= since;
  }

  /** What recipients take for open: of which database, and whose. */
  open(): { readonly who: string; readonly key: string; readonly tenant: string }[] {
    return [...this.#known]
      .filter(([, { isOpen, isUncertain }]) => isOpen && !isUncertain)
      .map(([text]) => {
        const [who = '', key = '', tenant = ''] = text.split(' ');
        return { who, key, tenant };
      });
  }

  forget(): void {
    for (const known of this.#known.values()) known.isUncertain = true;
  }

  hear(sent: Sent): void {
    const { message } = sent;
    const { kind, audience, tenant } = message.attributes;
    this.countsBy[kind] = (this.countsBy[kind] ?? 0) + 1;
    if (audience !== 'operators') {
      this.toTenants += 1;
      this.#holdsNoOther(tenant, message);
    }
    const body = message.texts.body as {
      readonly digest?: string;
      readonly databases?: readonly Said[];
      readonly notListed?: number;
    };
    if (kind === 'copy-failed' || (kind === 'digest' && body.digest !== 'many-tenants')) return;
    // Those that it does not list stand in a file.
    if ((body.notListed ?? 0) > 0) {
      this.forget();
      this.#cutAt = sent.at;
    }
    for (const said of body.databases ?? []) {
      if (audience !== 'tenant') this.#tell('operators', said, sent);
      if (audience !== 'operators') this.#tell('tenant', said, sent);
    }
  }

  #holdsNoOther(tenant: string, { texts, subject }: OutgoingMessage): void {
    // The id of a job of AWS Backup may have any letters in it.
    const text = `${subject} ${JSON.stringify(texts)}`.replaceAll(/job-[0-9a-f-]+/g, 'job');
    const words = new Set(text.match(/\w+/g));
    const others = this.#judge.tenants.filter((other) => other !== tenant && words.has(other));
    const databases = [...this.#judge.names()].filter(
      (name) => words.has(name) && !this.#judge.hadDatabase(tenant, name),
    );
    if (others.length + databases.length === 0) return;
    const named = [...others, ...databases].join(', ');
    const at = text.search(new RegExp(`\\b${[...others, ...databases][0]}\\b`));
    this.#judge.problem(
      '',
      `a message to ${tenant} that names nobody else's`,
      `${named} in: ${text.slice(Math.max(0, at - 200), at + 100)}`,
    );
  }

  #tell(who: 'operators' | 'tenant', said: Said, { run, at }: Sent): void {
    const { key, tenant, database, step, verdict, severity, opened, resolved } = said;
    const place = `${who} ${key} ${tenant}`;
    const before = this.#known.get(place);
    const what = `${who} of ${tenant} got "${step}" of ${database} (${verdict}, opened ${opened})`;
    const problem = (expected: string, more = '') => this.#judge.problem(database, expected, `${what}${more}`);
    const isEnd = step === 'resolve';
    // Where none is left, the cause names the last one.
    const isNamed = said.cause?.code === 'backups-gone';
    if (!isEnd && verdict === 'overdue' && said.newestBackup === null && !isNamed) problem('the newest backup named');
    if (!isEnd && ['overdue', 'never', 'disabled'].includes(verdict) && said.deadline === null && !isNamed)
      problem('the deadline named');
    if (!isEnd && !this.#judge.wasTrue(said, run)) problem(`no alert that says ${verdict}: it was not so`);
    else if (!isEnd && !this.#judge.wasAsSevere(said, run)) problem(`no alert that is ${severity}: it was not`);
    if (!isEnd && said.cause !== null && !this.#judge.hadCause(said, said.cause.code, run))
      problem(`no alert whose cause is ${said.cause.code}: it was not`);
    if (isEnd && this.#judge.lasts(said, said.cause?.code, run)) problem(`no end while ${said.cause?.code} lasts`);
    if (!isEnd && before?.isOpen && !before.isUncertain && before.opened === opened && before.severity === 'critical')
      if (severity === 'warning') problem('a severity that only rises');
    if (before !== undefined && !before.isUncertain) {
      const same = before.opened === opened;
      const last = `; before: "${before.step}" opened ${before.opened} at ${new Date(before.at).toISOString()} by ${before.run.name}`;
      const repeats =
        same && before.step === step && (step === 'remind' ? at - before.at < this.#leastPause(key) : step !== 'rise');
      if (repeats) this.#double(before, run, step, at, problem, last);
      else if (step === 'open' && before.isOpen) problem('the end of the alert before its next opening', last);
      else if (step === 'remind' && !before.isOpen && same) problem('silence after the end', last);
    }
    if (isEnd && before === undefined) this.orphans += 1;
    const isOvertaken =
      before !== undefined &&
      before.run !== run &&
      before.opened === opened &&
      (before.run.ended ?? at) >= run.started &&
      isEnd !== (before.step === 'resolve');
    const isOpen = !isEnd && resolved === null;
    this.#known.set(place, { isOpen, opened, step, severity, at, run, isOvertaken, isUncertain: false });
  }

  #leastPause(key: string): number {
    return this.#silenced.has(key) ? 0 : (this.#judge.reminderHours - 0.5) * hour;
  }

  /** A message twice is allowed where the run that sent it first did not come to its end as it should. */
  #double(
    before: Known,
    run: Run,
    step: string,
    at: number,
    problem: (expected: string, more: string) => void,
    last: string,
  ): void {
    const [hit] = before.run.hits.slice(-1);
    const late =
      at - before.run.started >= retryAfterMs && (before.run.ended ?? at) - before.run.started >= retryAfterMs;
    const skewed = before.run.clockOffset !== run.clockOffset;
    const overtaken = before.isOvertaken ? 'runs side by side' : undefined;
    const unended = step === 'open' && this.#refusedAt > before.at ? 'its end refused' : undefined;
    const why =
      hit?.fault ??
      overtaken ??
      unended ??
      (late ? 'a run of more than 14 minutes' : skewed ? 'clocks apart' : undefined);
    if (why === undefined) problem('each message once', last);
    else this.doublesBy[`${step}: ${why}`] = (this.doublesBy[`${step}: ${why}`] ?? 0) + 1;
  }
}
