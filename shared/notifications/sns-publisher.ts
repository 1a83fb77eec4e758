import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { AwsCalls } from '../lib/aws-calls.ts';
import { type OutgoingMessage, publishInput } from './message.ts';
import type { Publisher } from './notify.ts';

/** The call that a publisher makes, and the right it needs. */
export const publisherCalls: AwsCalls<'topic'> = { Publish: { topic: ['sns:Publish'] } };

/** Publishes to the alert topic; retries are the SDK's. `recipients` are those that messages to a tenant name. */
export class SnsPublisher implements Publisher {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  readonly #recipients: ReadonlyMap<string, readonly string[]>;

  constructor(client: SNSClient, topicArn: string, recipients: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#client = client;
    this.#topicArn = topicArn;
    this.#recipients = recipients;
  }

  async publish(message: OutgoingMessage): Promise<void> {
    const { audience, tenant } = message.attributes;
    const named = audience === 'tenant' ? this.#recipients.get(tenant) : undefined;
    await this.#client.send(new PublishCommand(publishInput(message, this.#topicArn, named)));
  }
}
