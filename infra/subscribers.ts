import type { Fleet } from '../shared/config/index.ts';
import { type Subscriber, subscribersOf } from '../shared/notifications/index.ts';
import { SynthError } from './synth-error.ts';

/** Filter policies a topic may have; a quota that AWS raises on request. Source: Amazon SNS endpoints and quotas. */
const maxFilterPolicies = 200;

/** The recipients of the whole configuration, one an endpoint. Throws `SynthError` where SNS would not take them. */
export function subscribers(fleet: Fleet): Subscriber[] {
  const found = subscribersOf(fleet);
  if (found.length > maxFilterPolicies) {
    throw new SynthError(
      `The configuration has ${found.length} recipients; an SNS topic takes at most ${maxFilterPolicies} filter policies. Let tenants share addresses (a queue or an https service can tell them apart by the message's "tenant" attribute), or leave their recipients to the "operators".`,
    );
  }
  return found;
}
