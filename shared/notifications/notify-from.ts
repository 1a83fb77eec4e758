import type { Log } from '../lib/log.ts';
import { formatUtc } from '../lib/time.ts';
import type { Publisher } from './notify.ts';

/**
 * A publisher that sends nothing before a moment. What was to be sent until then counts as sent, and is logged: a ledger that was
 * restored from a point in time does not know of what the one before it notified people since.
 */
export function notifyingFrom(
  publisher: Publisher,
  from: Date,
  { now, log }: { now: () => Date; log: Log },
): Publisher {
  return {
    publish: async (message) => {
      if (now() >= from) return publisher.publish(message);
      log.warn(`not sent: people are notified from ${formatUtc(from)} on`, {
        subject: message.subject,
        ...message.attributes,
      });
    },
  };
}
