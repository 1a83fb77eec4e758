import type { Backup } from '../domain/index.ts';
import { keyOf } from './transitions.ts';

/** Whom copies of databases without a tenant are served as. */
const noTenant = '-';

export function tenantOf(backup: Pick<Backup, 'tenant'>): string {
  return backup.tenant ?? noTenant;
}

/**
 * The order in which waiting copies are served: next is the tenant served longest ago (first of all those never served),
 * and of its copies the oldest. So one tenant's thousand snapshots do not starve another's one. A tenant counts as served
 * from the moment its copy is handed out.
 */
export function* fairly(waiting: Iterable<Backup>, served: ReadonlyMap<string, Date>): Generator<Backup> {
  const byTenant = new Map<string, Backup[]>();
  for (const backup of waiting) {
    const queue = byTenant.get(tenantOf(backup));
    if (queue) queue.push(backup);
    else byTenant.set(tenantOf(backup), [backup]);
  }
  const turns = [...byTenant].map(([tenant, queue]) => ({
    queue: queue.sort(oldestFirst).reverse(),
    lastServed: served.get(tenant)?.getTime() ?? Number.NEGATIVE_INFINITY,
  }));
  const first = (turn: (typeof turns)[number]) => turn.queue.at(-1)?.createdAt.getTime() ?? 0;
  turns.sort((one, other) => compare(one.lastServed, other.lastServed) || first(one) - first(other));
  for (let turn = turns.shift(); turn; turn = turns.shift()) {
    const next = turn.queue.pop();
    if (!next) continue;
    // Served just now, a tenant comes after everyone else: a plain round keeps the order from here on.
    turns.push(turn);
    yield next;
  }
}

function oldestFirst(one: Backup, other: Backup): number {
  return one.createdAt.getTime() - other.createdAt.getTime() || compare(keyOf(one), keyOf(other));
}

function compare<T extends number | string>(one: T, other: T): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
