import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { localAccount, localRegion } from '../../local/aws/local-aws.ts';
import { openStage, type Stage, type StageOptions } from '../../local/stage.ts';
import type { StackOutputs } from '../../shared/contract.ts';
import { dynamoLedger } from '../../shared/ledger/dynamo.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { SweepReport } from '../../shared/sweep/report.ts';

/** Long enough for a cold start on a busy machine; what does not happen by then does not happen. */
const patienceMs = 60_000;

/** A message as a subscribed queue gets it. */
export interface Received {
  readonly subject: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A queue subscribed to the alert topic, as a recipient that a test can read. */
export class Inbox {
  readonly arn: string;
  readonly #sqs: SQSClient;
  readonly #url: string;
  /** Everything that arrived so far. */
  readonly received: Received[] = [];

  private constructor(sqs: SQSClient, url: string, arn: string) {
    this.#sqs = sqs;
    this.#url = url;
    this.arn = arn;
  }

  static async open(sqs: SQSClient, name: string): Promise<Inbox> {
    const arn = `arn:aws:sqs:${localRegion}:${localAccount}:${name}`;
    const statement = {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: arn,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
    return new Inbox(sqs, QueueUrl, arn);
  }

  /** Takes what has arrived; returns what is new. */
  async read() {
    const before = this.received.length;
    for (;;) {
      const { Messages = [] } = await this.#sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.#url, MaxNumberOfMessages: 10 }),
      );
      if (Messages.length === 0) return this.received.slice(before);
      for (const message of Messages) {
        const envelope = JSON.parse(message.Body ?? '');
        const attributes = Object.entries<{ Value: string }>(envelope.MessageAttributes ?? {});
        this.received.push({
          subject: envelope.Subject,
          attributes: Object.fromEntries(attributes.map(([name, { Value }]) => [name, Value])),
          body: JSON.parse(envelope.Message),
        });
        await this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#url, ReceiptHandle: message.ReceiptHandle }));
      }
    }
  }
}

/** The stack as it is deployed, with what a test does to it and sees of it. */
export interface Deployed {
  readonly stage: Stage;
  readonly outputs: StackOutputs;
  readonly ledger: Ledger;
  readonly inboxes: { readonly acme: Inbox; readonly globex: Inbox; readonly operators: Inbox };
  sweep(request?: object): Promise<SweepReport>;
  /** Invokes a function as it is and gives its answer, failed or not. */
  invoke(functionName: string, payload: unknown): Promise<{ error?: string; payload: string }>;
  /** Puts raw bodies on the record queue, as the rule would. */
  putEvents(entries: { detailType: string; detail: object }[]): Promise<void>;
  /** How many messages lie in a queue. */
  depth(url: string): Promise<number>;
  close(): Promise<void>;
}

/** Opens a stage with a queue for each recipient, and deploys the stack, and its spokes, with a configuration that names them. */
export async function deployStack(
  { from, spokes = [] }: Pick<StageOptions, 'from' | 'spokes'>,
  config: (arns: Record<keyof Deployed['inboxes'], string>) => object,
) {
  const stage = await openStage({ from, spokes, simulator: { exportMinutes: () => 0.05, backupEventMinutes: 0 } });
  try {
    const sqs = new SQSClient(stage.client);
    const inboxes = {
      acme: await Inbox.open(sqs, 'inbox-acme'),
      globex: await Inbox.open(sqs, 'inbox-globex'),
      operators: await Inbox.open(sqs, 'inbox-operators'),
    };
    // The customer's own: native dumps are put there by somebody else.
    await new S3Client({ ...stage.client, forcePathStyle: true }).send(
      new CreateBucketCommand({ Bucket: 'staging-of-globex' }),
    );
    const file = join(stage.aws.folder, 'config.json');
    const { acme, globex, operators } = inboxes;
    await writeFile(file, JSON.stringify(config({ acme: acme.arn, globex: globex.arn, operators: operators.arn })));
    const outputs = await stage.deploy({ config: file });
    await hurryDeadLetters(sqs);
    const lambda = new LambdaClient(stage.client);
    const bus = new EventBridgeClient(stage.client);
    const invoke = async (FunctionName: string, payload: unknown) => {
      const answer = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }));
      const text = answer.Payload?.transformToString() ?? '';
      return { ...(answer.FunctionError && { error: answer.FunctionError }), payload: text };
    };
    return {
      stage,
      outputs,
      inboxes,
      ledger: dynamoLedger(new DynamoDBClient(stage.client), outputs.LedgerTableName ?? '', () => new Date()),
      invoke,
      sweep: async (request = {}) => {
        const { error, payload } = await invoke(outputs.SweepFunctionName ?? '', request);
        if (error) throw new Error(`the sweep function failed: ${payload}`);
        return JSON.parse(payload) as SweepReport;
      },
      putEvents: async (entries) => {
        await bus.send(
          new PutEventsCommand({
            Entries: entries.map(({ detailType, detail }) => ({
              Source: 'aws.rds',
              DetailType: detailType,
              Detail: JSON.stringify(detail),
            })),
          }),
        );
      },
      depth: async (QueueUrl) => {
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        );
        return Number(Attributes?.ApproximateNumberOfMessages);
      },
      close: () => stage.close(),
    } satisfies Deployed;
  } catch (error) {
    await stage.close();
    throw error;
  }
}

/** A failed message comes again after the visibility timeout, six minutes as deployed; here nobody waits that long. */
async function hurryDeadLetters(sqs: SQSClient): Promise<void> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  for (const QueueUrl of QueueUrls.filter((url) => /RecordEvents/.test(url) && !/DeadLetters/.test(url))) {
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: '1' } }));
  }
}

/** Asks again and again until the answer is there. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
  const patience = AbortSignal.timeout(patienceMs);
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (patience.aborted) throw new Error(`did not happen within ${patienceMs / 1000} s: ${what}`);
    await sleep(200);
  }
}
