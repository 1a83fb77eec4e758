/** What may be deployed as it is, and is perhaps not meant. */
import { groupBy } from 'es-toolkit/array';
import type { Fleet, Tenant } from './fleet.ts';

/** Tenants of whose listed databases none is watched, as sentences: none is listed, or all are excluded. */
export function tenantsWithoutDatabase({ tenants, databases, discovery }: Fleet): string[] {
  const by = groupBy(databases, ({ tenant }) => tenant);
  return tenants.flatMap(({ id, maxAgeHours }: Tenant) => {
    const its = by[id] ?? [];
    if (its.some(({ excluded }) => excluded === undefined)) return [];
    const what =
      its.length === 0
        ? 'lists no database'
        : its.length === 1
          ? 'excludes its database'
          : `excludes all its ${its.length} databases`;
    const unless = discovery === undefined ? '' : `, unless one enrols by the tag ${discovery.tenantTag}`;
    return [
      `tenant ${JSON.stringify(id)} ${what}: operators are notified of it, critical after ${maxAgeHours} h${unless}`,
    ];
  });
}
