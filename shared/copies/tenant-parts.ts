/** Which tenants of a shared database have their part in an export of it. */
import { partition } from 'es-toolkit/array';
import { type DatabaseRow, pathInExport, type TenantFolders } from '../domain/index.ts';

/** Tenants of each kind that a row names, 63 characters each at most: a row has to stay below 400 KB. */
const mostNamed = 1_000;

/**
 * Takes what is read of an export anyway, its objects and the tables that RDS skipped, so that tenants cost no calls, and a look
 * at a table takes as long whatever their number.
 */
export class TenantParts {
  readonly #tenants: readonly string[];
  /** Tenants by what the keys of their parts begin with. */
  readonly #byPath = new Map<string, string[]>();
  readonly #found = new Set<string>();
  readonly #partial = new Set<string>();
  #last = '';

  /** `rows` are those of the shares that the export's backup holds; those of whom nobody stated a name are left out. */
  constructor(rows: readonly Pick<DatabaseRow, 'tenant' | 'share'>[]) {
    const tenants = new Set<string>();
    for (const { tenant, share } of rows) {
      const path = pathInExport(share ?? {});
      if (tenant === undefined || path === undefined) continue;
      tenants.add(tenant);
      this.#byPath.set(path, [...(this.#byPath.get(path) ?? []), tenant]);
    }
    this.#tenants = [...tenants].sort();
  }

  /** Takes the path of an object below the folder of the export: `<database>/<schema>.<table>/<n>/part-….gz.parquet`. */
  add(path: string): void {
    const [, folder, database, table] = /^(([^/]+)\/([^/]+))\//.exec(path) ?? [];
    if (folder === undefined || database === undefined || table === undefined || folder === this.#last) return;
    this.#last = folder;
    for (const tenant of this.#ownersOf(database, table)) this.#found.add(tenant);
  }

  /** Takes a table that RDS skipped, as it names it: `<database>.<schema>.<table>`, of MySQL `<database>.<table>`. */
  addSkipped(table: string): void {
    // Names may have dots themselves: whoever it may concern counts.
    for (const dot of dotsOf(table)) {
      for (const tenant of this.#ownersOf(table.slice(0, dot), table.slice(dot + 1))) this.#partial.add(tenant);
    }
    for (const tenant of this.#withSchemaOf('*', table)) this.#partial.add(tenant);
  }

  /** What was found; undefined where there was nobody to look for. */
  folders(checkedAt: Date): TenantFolders | undefined {
    if (this.#tenants.length === 0) return undefined;
    const [found, missing] = partition(this.#tenants, (tenant) => this.#found.has(tenant));
    const named = found.slice(0, mostNamed);
    return {
      checkedAt,
      found: named,
      partial: named.filter((tenant) => this.#partial.has(tenant)),
      missing: missing.slice(0, mostNamed),
      ...(missing.length > mostNamed && { more: missing.length - mostNamed }),
    };
  }

  #ownersOf(database: string, table: string): readonly string[] {
    const ofDatabase = this.#byPath.get(`${database}/`) ?? [];
    return [...ofDatabase, ...this.#withSchemaOf(database, table), ...this.#withSchemaOf('*', table)];
  }

  /** Of two schemas that a table may be in, `acme` and `acme.eu`, the longer one has it. */
  #withSchemaOf(database: string, table: string): readonly string[] {
    for (const dot of dotsOf(table).reverse()) {
      const tenants = this.#byPath.get(`${database}/${table.slice(0, dot)}.`);
      if (tenants) return tenants;
    }
    return [];
  }
}

/** Where dots stand in a name, but at its ends. */
function dotsOf(name: string): number[] {
  return [...name.matchAll(/(?<=.)\.(?=.)/gs)].map(({ index }) => index);
}
