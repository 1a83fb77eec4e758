import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { AwsCalls } from '../lib/aws-calls.ts';
import { type OutgoingMessage, publishInput } from './message.ts';
import type { Publisher } from './notify.ts';

/** The call that a publisher makes, and the right it needs. */
export const publisherCalls: AwsCalls<'topic'> = { Publish: { topic: ['sns:Publish'] } };

/** Publishes to the alert topic; retries are the SDK's. */
export class SnsPublisher implements Publisher {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async publish(message: OutgoingMessage): Promise<void> {
    await this.#client.send(new PublishCommand(publishInput(message, this.#topicArn)));
  }
}
