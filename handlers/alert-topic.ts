import { SNSClient } from '@aws-sdk/client-sns';
import type { Fleet } from '../shared/config/index.ts';
import { namedRecipients, notifyingFrom, type Publisher, SnsPublisher } from '../shared/notifications/index.ts';
import { log, now } from './parts.ts';
import type { Settings } from './settings.ts';

/** The alert topic, to which nothing is published before `adopt.notifyFrom`. */
export function alertTopicOf({ alertTopicArn }: Settings, fleet: Fleet): Publisher {
  const topic = new SnsPublisher(new SNSClient(), alertTopicArn, namedRecipients(fleet));
  const from = fleet.adopt?.notifyFrom;
  return from === undefined ? topic : notifyingFrom(topic, new Date(from), { now, log });
}
