/** A message as SNS carries it: one text a protocol, and the attributes that filter policies look at. */
import type { PublishCommandInput } from '@aws-sdk/client-sns';
import type { Audience, Severity } from '../domain/index.ts';

export type MessageKind = 'backup-missing' | 'backup-restored' | 'copy-failed' | 'digest';

/** The tenant of a message about many: no tenant's filter policy matches it. */
export const manyTenants = '*';

export interface Message {
  /** Printable ASCII, under 100 characters. */
  readonly subject: string;
  readonly texts: {
    readonly email: string;
    /** GSM-7, one part. */
    readonly sms: string;
    /** What Amazon Q Developer shows in a chat channel: its own JSON, and nothing else. */
    readonly chat: ChatNotification;
    /** For queues, functions and everything else that subscribes. */
    readonly body: object;
  };
  readonly attributes: {
    readonly tenant: string;
    readonly severity: Severity;
    readonly kind: MessageKind;
    readonly audience: Audience;
  };
}

/** Custom notification of Amazon Q Developer in chat applications. */
export interface ChatNotification {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps: readonly string[];
  };
  readonly metadata: {
    /** Messages of one thread stand together: an alert, its reminders and its resolution. */
    readonly threadId: string;
    readonly summary: string;
  };
}

/** SNS takes 262,144 bytes for all protocols together; attributes and envelope need some of it. */
export const maxMessageBytes = 250_000;

/** The filter policy of operators' subscriptions. CloudWatch's own notifications have no attributes, so none passes it. */
export const operatorFilter = { audience: ['all', 'operators'] } as const satisfies Record<string, readonly Audience[]>;

/** The filter policy of an endpoint that belongs to tenants. */
export function tenantFilter(tenants: readonly string[]): { readonly tenant: readonly string[] } {
  return { tenant: tenants };
}

/** What SNS is to publish. Every protocol without a text of its own (queues, functions, Firehose) gets the JSON body. */
export function publishInput(message: Message, topicArn: string): PublishCommandInput {
  const { tenant, severity, kind, audience } = message.attributes;
  return {
    TopicArn: topicArn,
    Subject: message.subject,
    MessageStructure: 'json',
    Message: messageOf(message),
    MessageAttributes: {
      tenant: text(tenant),
      severity: text(severity),
      kind: text(kind),
      audience: text(audience),
    },
  };
}

/** Bytes that a message takes of SNS's limit. */
export function messageBytes(message: Message): number {
  return Buffer.byteLength(messageOf(message), 'utf8');
}

/**
 * The message with lists as long as fit under SNS's limit, `most` entries at best. `compose` gets how many each list may
 * show, and says itself how many it leaves out.
 */
export function fitting(most: number, compose: (limit: number) => Message): Message {
  let limit = most;
  let message = compose(limit);
  while (messageBytes(message) > maxMessageBytes && limit > 1) {
    limit = Math.floor(limit / 2);
    message = compose(limit);
  }
  return message;
}

function messageOf({ texts }: Message): string {
  return JSON.stringify({
    default: JSON.stringify(texts.body),
    email: texts.email,
    sms: texts.sms,
    https: JSON.stringify(texts.chat),
  });
}

function text(value: string): { DataType: 'String'; StringValue: string } {
  return { DataType: 'String', StringValue: value };
}
