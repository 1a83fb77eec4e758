import type { Fleet } from '../shared/config/index.ts';
import { endpointName, type Subscriber, subscribersOf } from '../shared/notifications/index.ts';
import { SynthError } from './synth-error.ts';

/** Value combinations that a filter policy may have. Source: Amazon SNS Developer Guide, "Filter policy constraints". */
const maxTenantsOfEndpoint = 150;

/** Filter policies a topic may have; a quota that AWS raises on request. Source: Amazon SNS endpoints and quotas. */
const maxFilterPolicies = 200;

/** The recipients of the whole configuration, one an endpoint. Throws `SynthError` where SNS would not take them. */
export function subscribers(fleet: Fleet): Subscriber[] {
  const found = subscribersOf(fleet);
  for (const at of found) {
    const tenants = at.filter.tenant ?? [];
    if (tenants.length > maxTenantsOfEndpoint) {
      throw new SynthError(
        `${endpointName(at)} is a recipient of ${tenants.length} tenants; a filter policy of SNS holds at most ${maxTenantsOfEndpoint}. Make it one of the "operators", who are notified of every tenant, or spread the tenants over several addresses.`,
      );
    }
  }
  if (found.length > maxFilterPolicies) {
    throw new SynthError(
      `The configuration has ${found.length} recipients; an SNS topic takes at most ${maxFilterPolicies} filter policies. Let tenants share addresses (a queue or an https service can tell them apart by the message's "tenant" attribute), or leave their recipients to the "operators".`,
    );
  }
  return found;
}
