/** The queue of events that a spoke could not forward. Loaded when it is first asked. */
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { spokeDeadLetterQueueName } from '../shared/contract.ts';
import type { ClientPlace } from './environment-clients.ts';

export function queueClient(place: ClientPlace): SQSClient {
  return new SQSClient({ ...place, maxAttempts: 4 });
}

/** How many messages it holds, as SQS counts them: about. Throws where it cannot be asked. */
export async function messagesIn(sqs: SQSClient): Promise<number> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: spokeDeadLetterQueueName }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
}
