/** Notifies operators of tenants without a database that is watched. What is not sent is in the next run's notices again. */
import type { TenantNotice } from '../evaluation/index.ts';
import { errorText } from '../lib/errors.ts';
import { type MessageFleet, messageContext } from './compose/context.ts';
import { composeTenants } from './messages.ts';
import type { Publisher } from './notify.ts';

/** What of the notices was sent, and why the rest was not. */
export interface TenantsNotified {
  readonly sent: readonly TenantNotice[];
  readonly errors: readonly string[];
}

/** Publishes a message a tenant, or one for all of them where there are more than `digestAbove`. */
export async function notifyOfTenants(
  { publisher, fleet }: { readonly publisher: Publisher; readonly fleet: MessageFleet },
  notices: readonly TenantNotice[],
  now: Date,
): Promise<TenantsNotified> {
  const context = messageContext(fleet, now);
  const sent: TenantNotice[] = [];
  const errors: string[] = [];
  for (const resolved of [false, true]) {
    const some = notices.filter(({ step }) => (step === 'resolve') === resolved);
    const messages = some.length > fleet.alerts.digestAbove ? [some] : some.map((notice) => [notice]);
    for (const message of messages) {
      try {
        await publisher.publish(composeTenants(message, context));
        sent.push(...message);
      } catch (error) {
        const names = message.map(({ unwatched }) => unwatched.tenant).join(', ');
        errors.push(`operators were not notified of ${names} without a watched database: ${errorText(error)}`);
      }
    }
  }
  return { sent, errors };
}
