/** What may be deployed as it is, and is perhaps not meant. */
import { groupBy } from 'es-toolkit/array';
import { exportsIn } from './export-regions.ts';
import { type Fleet, type Tenant, tenantsDatabases } from './fleet.ts';

/** Tenants of whose listed databases none is watched, as sentences: none is listed, or all are excluded. */
export function tenantsWithoutDatabase({ tenants, databases, discovery }: Fleet): string[] {
  const by = groupBy(tenantsDatabases(databases), ({ tenant }) => tenant);
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

/** Shared databases that no tenant refers to, as sentences. */
export function sharedWithoutTenant({ databases }: Pick<Fleet, 'databases'>): string[] {
  return databases
    .filter(({ tenants }) => tenants?.length === 0)
    .map(
      ({ id }) => `no tenant refers to the shared database ${JSON.stringify(id)}: operators alone are notified of it`,
    );
}

/** Databases whose copies are skipped since RDS exports none in their Region, as a sentence a Region. */
export function regionsWithoutExports({ databases, discovery, defaults, environments, copies }: Fleet): string[] {
  const exported = databases.filter(({ copy, excluded }) => copy.mode === 'export' && excluded === undefined);
  const byRegion = groupBy(exported, (database) => database.region);
  const discovers = discovery !== undefined && defaults.copy.mode === 'export';
  const regions = new Set([...Object.keys(byRegion), ...(discovers ? environments.map(({ region }) => region) : [])]);
  return [...regions].flatMap((name) => {
    const { notExported } = exportsIn(name, copies);
    if (notExported === undefined) return [];
    const count = byRegion[name]?.length ?? 0;
    const whose = [
      ...(count > 0 ? [count === 1 ? '1 database' : `${count} databases`] : []),
      ...(discovers ? ['those that enrol by tag'] : []),
    ].join(' and ');
    const unless = notExported === 'all but Aurora' ? ', unless they are of Aurora' : '';
    return [
      `AWS documents no exports of snapshots in ${name}: copies of ${whose} are skipped${unless}; set copy.mode "object" or "none", or name the Region in copies.regionsWithExports if RDS exports there by now`,
    ];
  });
}
