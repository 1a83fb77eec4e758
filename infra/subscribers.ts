import type { Fleet, Recipient } from '../shared/config/fleet.ts';
import { operatorFilter, tenantFilter } from '../shared/messages/message.ts';
import { SynthError } from './synth-error.ts';

export type FilterPolicy = Readonly<Record<string, readonly string[]>>;

/** One endpoint with everything it is to hear: SNS keeps one subscription an endpoint and topic. */
export interface Subscriber {
  readonly protocol: 'email' | 'sms' | 'https' | 'sqs';
  readonly endpoint: string;
  readonly operator: boolean;
  readonly filter: FilterPolicy;
}

/** Value combinations that a filter policy may have. Source: Amazon SNS Developer Guide, "Filter policy constraints". */
const maxTenantsOfEndpoint = 150;

/** Filter policies a topic may have; a quota that AWS raises on request. Source: Amazon SNS endpoints and quotas. */
const maxFilterPolicies = 200;

/**
 * The recipients of the whole configuration, one an endpoint: an operator hears of every tenant, whatever else it is; the
 * others of all their tenants. Throws `SynthError` where SNS would not take them.
 */
export function subscribers(fleet: Fleet): Subscriber[] {
  const tenantsOf = new Map<string, { at: Endpoint; tenants: string[] }>();
  for (const { id, recipients } of fleet.tenants) {
    for (const recipient of recipients) {
      const at = endpointOf(recipient);
      const known = tenantsOf.get(nameOf(at)) ?? { at, tenants: [] };
      if (!known.tenants.includes(id)) known.tenants.push(id);
      tenantsOf.set(nameOf(at), known);
    }
  }
  const operators = new Map(fleet.operators.map(endpointOf).map((at) => [nameOf(at), at]));
  const found: Subscriber[] = [...operators.values()].map((at) => ({ ...at, operator: true, filter: operatorFilter }));
  for (const [name, { at, tenants }] of tenantsOf) {
    if (operators.has(name)) continue;
    if (tenants.length > maxTenantsOfEndpoint) {
      throw new SynthError(
        `${name} is a recipient of ${tenants.length} tenants; a filter policy of SNS holds at most ${maxTenantsOfEndpoint}. Make it one of the "operators", who hear of every tenant, or spread the tenants over several addresses.`,
      );
    }
    found.push({ ...at, operator: false, filter: tenantFilter(tenants) });
  }
  if (found.length > maxFilterPolicies) {
    throw new SynthError(
      `The configuration has ${found.length} recipients; an SNS topic takes at most ${maxFilterPolicies} filter policies. Let tenants share addresses (a queue or an https service can tell them apart by the message's "tenant" attribute), or leave their recipients to the "operators".`,
    );
  }
  return found;
}

type Endpoint = Pick<Subscriber, 'protocol' | 'endpoint'>;

function endpointOf(recipient: Recipient): Endpoint {
  if ('email' in recipient) return { protocol: 'email', endpoint: recipient.email };
  if ('sms' in recipient) return { protocol: 'sms', endpoint: recipient.sms };
  if ('https' in recipient) return { protocol: 'https', endpoint: recipient.https };
  return { protocol: 'sqs', endpoint: recipient.queue };
}

function nameOf({ protocol, endpoint }: Endpoint): string {
  return `${protocol} ${endpoint}`;
}
