import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type Message, publishInput } from './message.ts';
import type { Publisher } from './notify.ts';

/** Publishes to the alert topic; retries are the SDK's. */
export class SnsPublisher implements Publisher {
  readonly #client: SNSClient;
  readonly #topicArn: string;

  constructor(client: SNSClient, topicArn: string) {
    this.#client = client;
    this.#topicArn = topicArn;
  }

  async publish(message: Message): Promise<void> {
    await this.#client.send(new PublishCommand(publishInput(message, this.#topicArn)));
  }
}
