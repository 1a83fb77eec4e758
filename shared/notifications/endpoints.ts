/** Who is subscribed to the alert topic, and to what of it: SNS keeps one subscription an endpoint and topic. */
import type { Fleet, Recipient } from '../config/index.ts';
import { operatorFilter, tenantFilter } from './message.ts';

export type FilterPolicy = Readonly<Record<string, readonly string[]>>;

export interface Endpoint {
  readonly protocol: 'email' | 'sms' | 'https' | 'sqs';
  readonly endpoint: string;
}

/** One endpoint with everything it is to hear. */
export interface Subscriber extends Endpoint {
  readonly operator: boolean;
  readonly filter: FilterPolicy;
}

/** An operator hears of every tenant, whatever else it is; the others of all their tenants. */
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

function endpointOf(recipient: Recipient): Endpoint {
  if ('email' in recipient) return { protocol: 'email', endpoint: recipient.email };
  if ('sms' in recipient) return { protocol: 'sms', endpoint: recipient.sms };
  if ('https' in recipient) return { protocol: 'https', endpoint: recipient.https };
  return { protocol: 'sqs', endpoint: recipient.queue };
}
