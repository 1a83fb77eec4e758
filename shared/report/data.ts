/** What the page carries for its own script: the facts that are filtered and sorted, with text from outside made harmless. */
import { oneLine } from '../lib/safe-text.ts';
import type { ReportDatabase, ReportFacts, ReportTenant } from './facts.ts';

/** Its reason says what its cause and notes are. */
export type PageDatabase = Omit<ReportDatabase, 'cause' | 'notes' | 'account' | 'region'>;

export interface PageData {
  /** ISO 8601 UTC. */
  readonly generated: string;
  readonly dates: readonly string[];
  readonly databases: readonly PageDatabase[];
  readonly tenants: readonly ReportTenant[];
  /** Reasons of days that were not in time: `<position in databases> <date>`. */
  readonly gaps: Readonly<Record<string, string>>;
}

/** A filter is kept in the URL by tenant, so a name is shortened here, once, and the same everywhere. */
export function pageData(facts: ReportFacts): PageData {
  return {
    generated: facts.generated,
    dates: facts.dates,
    databases: facts.databases.map(({ cause: _, notes: __, account: ___, region: ____, ...database }) => ({
      ...database,
      id: nameLine(database.id),
      tenant: nameLine(database.tenant),
      engine: database.engine && nameLine(database.engine),
      reason: oneLine(database.reason, 600),
      alert: database.alert && {
        ...database.alert,
        acknowledgedBy: database.alert.acknowledgedBy && nameLine(database.alert.acknowledgedBy),
      },
    })),
    tenants: facts.tenants.map((tenant) => ({ ...tenant, tenant: nameLine(tenant.tenant) })),
    gaps: Object.fromEntries(facts.gaps.map((gap) => [`${gap.database} ${gap.date}`, oneLine(gap.reason, 300)])),
  };
}

/** Longer than any name that RDS or the configuration allows. */
export function nameLine(name: string): string {
  return oneLine(name, 128);
}
