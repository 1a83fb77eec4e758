/** Who is subscribed to the alert topic, and to what of it: SNS keeps one subscription an endpoint and topic. */
import { endpointOf } from '../channels/index.ts';
import type { Fleet } from '../config/index.ts';
import { operatorFilter, tenantFilter } from './message.ts';

export type FilterPolicy = Readonly<Record<string, readonly string[]>>;

type Endpoint = ReturnType<typeof endpointOf>;

/** One endpoint with everything that it is notified of. */
export interface Subscriber extends Endpoint {
  readonly operator: boolean;
  readonly filter: FilterPolicy;
}

/** An operator is notified of every tenant, whatever else it is; the others of all their tenants. */
export function subscribersOf(fleet: Pick<Fleet, 'operators' | 'tenants'>): Subscriber[] {
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
  return [
    ...[...operators.values()].map((at) => ({ ...at, operator: true, filter: operatorFilter })),
    ...[...others.values()].map(({ at, tenants }) => ({
      ...at,
      operator: false,
      filter: tenantFilter(tenants),
    })),
  ];
}

/** `email oncall@example.com` */
export function endpointName({ protocol, endpoint }: { readonly protocol: string; readonly endpoint: string }): string {
  return `${protocol} ${endpoint}`;
}
