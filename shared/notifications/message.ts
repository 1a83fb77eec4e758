/** A message as SNS carries it: one text a channel, and the attributes that filter policies look at. */
import type { PublishCommandInput } from '@aws-sdk/client-sns';
import {
  type ChannelTexts,
  type MessageFacts,
  type MessageKind,
  manyTenants,
  messageStructure,
  renderAll,
} from '../channels/index.ts';
import type { Audience, MessageAudience, Severity } from '../domain/index.ts';

export interface OutgoingMessage {
  /** Printable ASCII, under 100 characters. */
  readonly subject: string;
  readonly texts: ChannelTexts;
  readonly attributes: {
    readonly tenant: string;
    readonly severity: Severity;
    readonly kind: MessageKind;
    readonly audience: MessageAudience;
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

/** The filter policy of an endpoint of more tenants than a filter policy can name. */
export function recipientFilter(recipient: string): { readonly recipients: readonly string[] } {
  return { recipients: [recipient] };
}

/** Facts in every channel. What is for operators alone is addressed to no tenant, whatever it is about. */
export function messageOf(facts: MessageFacts): OutgoingMessage {
  const { subject, tenant, severity, kind, audience } = facts;
  return {
    subject,
    texts: renderAll(facts),
    attributes: { tenant: audience === 'operators' ? manyTenants : tenant, severity, kind, audience },
  };
}

/** What SNS is to publish. `recipients` are those that a tenant's message names, as their filter policies ask for. */
export function publishInput(
  message: OutgoingMessage,
  topicArn: string,
  recipients: readonly string[] = [],
): PublishCommandInput {
  const { tenant, severity, kind, audience } = message.attributes;
  return {
    TopicArn: topicArn,
    Subject: message.subject,
    MessageStructure: 'json',
    Message: structured(message),
    MessageAttributes: {
      tenant: text(tenant),
      severity: text(severity),
      kind: text(kind),
      audience: text(audience),
      ...(recipients.length > 0 && {
        recipients: { DataType: 'String.Array', StringValue: JSON.stringify(recipients) },
      }),
    },
  };
}

/** Bytes that a message takes of SNS's limit. */
export function messageBytes(message: OutgoingMessage): number {
  return Buffer.byteLength(structured(message), 'utf8');
}

/**
 * The message with lists as long as fit under SNS's limit, `most` entries at best. `compose` gets how many each list may
 * show, and counts what it leaves out.
 */
export function fitting(most: number, compose: (limit: number) => MessageFacts): OutgoingMessage {
  let limit = most;
  let message = messageOf(compose(limit));
  while (messageBytes(message) > maxMessageBytes && limit > 1) {
    limit = Math.floor(limit / 2);
    message = messageOf(compose(limit));
  }
  return message;
}

function structured({ texts }: OutgoingMessage): string {
  return JSON.stringify(messageStructure(texts));
}

function text(value: string): { DataType: 'String'; StringValue: string } {
  return { DataType: 'String', StringValue: value };
}
