/** Who is subscribed to the alert topic, and to what of it: SNS keeps one subscription an endpoint and topic. */
import { createHash } from 'node:crypto';
import { endpointOf } from '../channels/index.ts';
import type { Fleet } from '../config/index.ts';
import { operatorFilter, recipientFilter, tenantFilter } from './message.ts';

/** Value combinations that a filter policy may have. Source: Amazon SNS Developer Guide, "Filter policy constraints". */
const mostTenantsInFilter = 150;

export type FilterPolicy = Readonly<Record<string, readonly string[]>>;

type Endpoint = ReturnType<typeof endpointOf>;

/** One endpoint with everything that it is notified of. */
export interface Subscriber extends Endpoint {
  readonly operator: boolean;
  readonly filter: FilterPolicy;
}

/**
 * An operator is notified of every tenant, whatever else it is; the others of all their tenants. Whoever has more tenants than a
 * filter policy can name is named by the messages instead.
 */
export function subscribersOf(fleet: Pick<Fleet, 'operators' | 'tenants'>): Subscriber[] {
  const { operators, others } = endpointsOf(fleet);
  return [
    ...operators.map((at) => ({ ...at, operator: true, filter: operatorFilter })),
    ...others.map(({ at, tenants }) => ({
      ...at,
      operator: false,
      filter: tenants.length > mostTenantsInFilter ? recipientFilter(recipientId(at)) : tenantFilter(tenants),
    })),
  ];
}

/** By tenant the recipients that its messages name, since their filter policies cannot name all their tenants. */
export function namedRecipients(fleet: Pick<Fleet, 'operators' | 'tenants'>): ReadonlyMap<string, readonly string[]> {
  const named = new Map<string, string[]>();
  for (const { at, tenants } of endpointsOf(fleet).others) {
    if (tenants.length <= mostTenantsInFilter) continue;
    for (const tenant of tenants) named.set(tenant, [...(named.get(tenant) ?? []), recipientId(at)]);
  }
  return named;
}

/** Names an endpoint and tells nobody what it is. */
function recipientId(at: Endpoint): string {
  return createHash('sha256').update(endpointName(at)).digest('hex').slice(0, 16);
}

function endpointsOf(fleet: Pick<Fleet, 'operators' | 'tenants'>) {
  const operators = new Map(fleet.operators.map(endpointOf).map((at) => [endpointName(at), at]));
  const others = new Map<string, { readonly at: Endpoint; readonly tenants: string[] }>();
  for (const { id, recipients } of fleet.tenants) {
    for (const at of recipients.map(endpointOf)) {
      if (operators.has(endpointName(at))) continue;
      const known = others.get(endpointName(at)) ?? { at, tenants: [] };
      if (!known.tenants.includes(id)) known.tenants.push(id);
      others.set(endpointName(at), known);
    }
  }
  return { operators: [...operators.values()], others: [...others.values()] };
}

/** `email oncall@example.com` */
export function endpointName({ protocol, endpoint }: { readonly protocol: string; readonly endpoint: string }): string {
  return `${protocol} ${endpoint}`;
}
