/**
 * The configuration as the functions carry it beside their code: resolved when the stack was synthesized, so that a start reads no object
 * and validates nothing.
 */
import type { Fleet, SharedTenant } from './fleet.ts';

export interface CarriedConfig {
  readonly fleet: Fleet;
  /** SHA-256 of the file, by which sweeps record it. */
  readonly hash: string;
}

/** Its name beside the code. */
export const carriedFile = 'configuration.json';

export function formatCarried(config: CarriedConfig): string {
  return JSON.stringify(config);
}

/** Reads what `formatCarried` wrote, and nothing else. */
export function parseCarried(text: string): CarriedConfig {
  const { fleet, hash } = JSON.parse(text) as CarriedConfig;
  const databases = fleet.databases.map(({ tenants, ...database }) =>
    tenants === undefined ? database : { ...database, tenants: tenants.map(revived) },
  );
  return { fleet: { ...fleet, databases }, hash };
}

function revived({ since, ...tenant }: SharedTenant): SharedTenant {
  return since === undefined ? tenant : { ...tenant, since: new Date(since) };
}
