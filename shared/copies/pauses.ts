/**
 * Faults of set-up: a wrong policy, role or key fails every copy of its scope alike. Once several databases have met one, with no
 * success in between, the scope's copies wait: one an hour is tried, of another database each time, and when one succeeds
 * everything goes on. An environment that refuses whatever is done there is paused at once.
 */
import {
  type Copy,
  type CopyCause,
  type CopyPause,
  type CopyScope,
  copyCauses,
  type Environment,
  formatEnvironment,
  isKnownIn,
} from '../domain/index.ts';
import { type Ledger, updateCopyPause } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { hourMs } from '../lib/time.ts';
import { bounded } from './failures.ts';

/** Failures, and databases that must have met them, before a scope is paused. */
const failuresToPause = 3;
const databasesToPause = 2;
/** How often a copy of a paused scope is tried all the same. */
const probeEveryMs = hourMs;
const failuresKept = 10;

/** What a cause of failure says of others: the scope that it is a fault of; undefined where it is the copy's alone. */
export function scopeOf(cause: CopyCause | NonNullable<Copy['cause']>, account: string): CopyScope | undefined {
  if (!isKnownIn(copyCauses, cause)) return undefined;
  switch (cause.code) {
    case 'role-not-found':
    case 'role-not-trusted':
      return { kind: 'role', name: cause.facts.role };
    case 'bucket-closed':
    case 'bucket-denied':
    case 'bucket-invalid':
    case 'bucket-missing':
    case 'bucket-refused':
      return { kind: 'bucket', name: cause.facts.bucket };
    case 'key-not-usable':
    case 'source-key-not-usable':
      return { kind: 'key', name: cause.facts.key };
    case 'start-denied':
    case 'start-refused':
      return { kind: 'account', name: account };
    case 's3-bucket-missing':
    case 's3-denied':
    case 's3-other-region':
      // The one that many dumps come from; which of the two is at fault S3 does not say.
      return { kind: 'bucket', name: cause.facts.from };
    case 's3-checksum-missing':
      return { kind: 'bucket', name: cause.facts.to };
    case 's3-key-not-usable':
      return { kind: 'key', name: cause.facts.key };
    default:
      return undefined;
  }
}

/** Where a copy reads and writes: all that a fault of set-up may lie in. */
export interface Places {
  readonly buckets: readonly string[];
  /** Absent where no export writes it: what S3 refuses of dumps says nothing of exports, nor the other way round. */
  readonly roleArn?: string;
  /** Of the copy, and of the snapshot where that is known. */
  readonly keyArns: readonly string[];
}

/** The pauses of one environment, as one run sees and writes them. */
export class Pauses {
  readonly #ledger: Ledger;
  readonly #environment: Environment;
  readonly #rows: Map<string, CopyPause>;

  private constructor(ledger: Ledger, environment: Environment, rows: readonly CopyPause[]) {
    this.#ledger = ledger;
    this.#environment = environment;
    this.#rows = new Map(rows.map((row) => [nameOfScope(row), row]));
  }

  static async of(ledger: Ledger, environment: Environment): Promise<Pauses> {
    return new Pauses(ledger, environment, await ledger.copyPauses(environment));
  }

  /** Scopes whose copies wait. */
  get paused(): readonly CopyPause[] {
    return [...this.#rows.values()].filter(({ pausedAt }) => pausedAt !== undefined);
  }

  isPaused(scope: CopyScope): boolean {
    return this.#rows.get(nameOfScope(scope))?.pausedAt !== undefined;
  }

  /** The pause of the environment itself, in which nothing can be done. */
  get ofEnvironment(): CopyPause | undefined {
    return this.paused.find(({ kind }) => kind === 'environment');
  }

  /** Notes that the environment refuses whatever is done there. That is no copy's own fault, so it is paused at once. */
  async refused(error: unknown, now: Date): Promise<void> {
    const { account, region } = this.#environment;
    const environment = formatEnvironment(this.#environment);
    const cause = { code: 'environment-refused', facts: { account, region, said: bounded(errorText(error)) } } as const;
    await this.#change({ kind: 'environment', name: environment }, (row) => {
      if (row?.pausedAt !== undefined) return { ...row, cause, probedAt: now };
      return { ...row, environment, kind: 'environment', name: environment, cause, failures: [], pausedAt: now };
    });
  }

  /** Notes that the environment refuses no longer. */
  async admitted(): Promise<void> {
    const pause = this.ofEnvironment;
    if (pause) await this.#change(pause, (row) => row && withoutPause(row));
  }

  /** The pauses that a copy to and from these places waits for. */
  over(places: Places): readonly CopyPause[] {
    return this.paused.filter((pause) => isOfMode(pause, places) && this.holds(pause, places));
  }

  /** Notes the try of a database; where all others have had theirs, another round begins. */
  async probe(pause: CopyPause, database: string, now: Date): Promise<void> {
    await this.#change(pause, (row) => {
      if (row?.pausedAt === undefined) return undefined;
      const probed = row.probed?.includes(database) ? [database] : [...(row.probed ?? []), database];
      return { ...row, probedAt: now, probed };
    });
  }

  /** Notes that a copy of a database failed by a fault of its scope; several runs may see the same failure. */
  async met(
    { scope, at }: { readonly scope: CopyScope; readonly at: Date },
    cause: NonNullable<Copy['cause']>,
    database: string,
  ): Promise<void> {
    await this.#change(scope, (row) => {
      const failure = { database, at };
      if (row?.failures.some((one) => one.database === database && one.at.getTime() === at.getTime())) return undefined;
      const isSame = row !== undefined && (row.cause.code === cause.code || row.pausedAt !== undefined);
      const failures = [...(isSame ? row.failures : []), failure].slice(-failuresKept);
      const spread = new Set(failures.map((one) => one.database)).size;
      const pausedAt = isSame ? row.pausedAt : undefined;
      const pauses = pausedAt === undefined && failures.length >= failuresToPause && spread >= databasesToPause;
      return {
        ...row,
        environment: formatEnvironment(this.#environment),
        kind: scope.kind,
        name: scope.name,
        cause,
        failures,
        ...(pauses && { pausedAt: at, probed: [] }),
      };
    });
  }

  /** Notes that a copy to and from these places succeeded: what was wrong with them is put right. `causes`: of these alone. */
  async proved(places: Places, causes?: readonly string[]): Promise<void> {
    for (const pause of this.#rows.values()) {
      if (pause.failures.length === 0 || !isOfMode(pause, places) || !this.holds(pause, places)) continue;
      if (causes !== undefined && !causes.includes(pause.cause.code)) continue;
      await this.#change(pause, (row) => row && withoutPause(row));
    }
  }

  /** Notes that operators were notified of a pause. */
  async notified(pause: CopyPause, now: Date): Promise<void> {
    await this.#change(pause, (row) => (row?.pausedAt === undefined ? undefined : { ...row, notifiedAt: now }));
  }

  /** Whether a scope has to do with these places. */
  holds({ kind, name }: CopyScope, { buckets, roleArn, keyArns }: Places): boolean {
    switch (kind) {
      case 'environment':
        return name === formatEnvironment(this.#environment);
      case 'account':
        return name === this.#environment.account;
      case 'role':
        return name === roleArn;
      case 'key':
        return keyArns.includes(name);
      case 'bucket':
        return buckets.includes(name);
      default:
        // Of a later version.
        return false;
    }
  }

  async #change(scope: CopyScope, change: (row: CopyPause | undefined) => CopyPause | undefined): Promise<void> {
    let seen = this.#rows.get(nameOfScope(scope));
    const row = await updateCopyPause(this.#ledger, this.#environment, scope, (current) => {
      seen = current;
      return change(current);
    });
    const now = row ?? seen;
    if (now) this.#rows.set(nameOfScope(scope), now);
  }
}

function withoutPause({ pausedAt, probedAt, probed, notifiedAt, ...rest }: CopyPause): CopyPause {
  return { ...rest, failures: [] };
}

/** Whether a copy of a paused scope is to be tried now. */
export function isDue({ pausedAt, probedAt }: CopyPause, now: Date): boolean {
  const last = probedAt ?? pausedAt ?? now;
  return now.getTime() - last.getTime() >= probeEveryMs;
}

function nameOfScope({ kind, name }: CopyScope): string {
  return `${kind} ${name}`;
}

function isOfMode({ cause }: CopyPause, { roleArn }: Places): boolean {
  return cause.code.startsWith('s3-') === (roleArn === undefined);
}
