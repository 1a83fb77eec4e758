/**
 * The ways in which a message reaches people and programs. A new one is a file that renders facts, and its entry here:
 * publishing, subscriptions, the configuration's recipients and the documentation read this table.
 */
import * as z from 'zod';
import { listed } from '../lib/listed.ts';
import { textLike } from '../lib/text-field.ts';
import { renderChat } from './chat.ts';
import { renderEmail } from './email.ts';
import type { MessageFacts } from './message-facts.ts';
import { renderQueueJson } from './queue-json.ts';
import { renderSms } from './sms.ts';

export {
  type Detail,
  type EntryFacts,
  type Link,
  type MessageFacts,
  type MessageKind,
  manyTenants,
  messageKinds,
  type NextStep,
  type SectionFacts,
  type SuggestedCommand,
  type TextSpan,
} from './message-facts.ts';

/** What a channel is to SNS, to the configuration and to readers of the documentation. */
interface Channel {
  /** As the documentation calls it. */
  readonly title: string;
  /** What its text is. */
  readonly form: string;
  /** The protocol that an endpoint is subscribed with. */
  readonly protocol: string;
  /** Where its text stands in the message: SNS gives a protocol that the message does not name the `default`. */
  readonly key: string;
  /** A recipient's field in the configuration, and what it holds. */
  readonly recipient: string;
  readonly address: z.ZodType<string, string>;
  render(facts: MessageFacts): string | object;
}

export const channels = {
  email: {
    title: 'E-mail',
    form: 'plain text',
    protocol: 'email',
    key: 'email',
    recipient: 'email',
    address: z.email({ error: 'must be an e-mail address' }).describe('E-mail address; its owner confirms once'),
    render: renderEmail,
  },
  sms: {
    title: 'SMS',
    form: 'one part in GSM-7',
    protocol: 'sms',
    key: 'sms',
    recipient: 'sms',
    address: textLike(/^\+[1-9]\d{6,14}$/, 'must be a phone number in E.164 form, e.g. +441632960000').describe(
      'Phone number in E.164 form, e.g. +441632960000',
    ),
    render: renderSms,
  },
  chat: {
    title: 'Chat',
    form: 'the custom notification of Amazon Q Developer',
    protocol: 'https',
    key: 'https',
    recipient: 'https',
    address: textLike(
      /^https:\/\/[^\s/@?#]+(\/\S*)?$/,
      'must be an https:// URL without a user name or password in it',
    ).describe('URL that SNS posts to: a chat channel or a service'),
    render: renderChat,
  },
  body: {
    title: 'JSON body',
    form: 'the same facts as JSON, for queues, functions, Firehose and HTTP',
    protocol: 'sqs',
    key: 'default',
    recipient: 'queue',
    address: textLike(
      /^arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}$/,
      'must be the ARN of a standard SQS queue (arn:aws:sqs:<Region>:<account>:<name>; not a .fifo queue)',
    ).describe('ARN of a standard SQS queue'),
    render: renderQueueJson,
  },
} as const satisfies Record<string, Channel>;

export type ChannelName = keyof typeof channels;

/** The text of a message in each channel. */
export type ChannelTexts = { readonly [Name in ChannelName]: ReturnType<(typeof channels)[Name]['render']> };

/** A recipient of alerts as the configuration has it: one field, that of its channel. */
export type Recipient = {
  [Name in ChannelName]: Readonly<Record<(typeof channels)[Name]['recipient'], string>>;
}[ChannelName];

const all: readonly Channel[] = Object.values(channels);

/** A message in every channel. */
export function renderAll(facts: MessageFacts): ChannelTexts {
  const texts = Object.entries(channels).map(([name, { render }]) => [name, render(facts)]);
  return Object.fromEntries(texts) as ChannelTexts;
}

/** What SNS is to deliver, by protocol (`MessageStructure: json`): each text is a string. */
export function messageStructure(texts: ChannelTexts): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(channels).map(([name, { key }]) => {
      const text: string | object = texts[name as ChannelName];
      return [key, typeof text === 'string' ? text : JSON.stringify(text)];
    }),
  );
}

/** Where SNS delivers to a recipient. */
export function endpointOf(recipient: Recipient): { readonly protocol: string; readonly endpoint: string } {
  const fields: Readonly<Record<string, string>> = recipient;
  const channel = all.find(({ recipient: field }) => fields[field] !== undefined);
  if (!channel) throw new Error(`no channel has a recipient with ${Object.keys(fields).join(', ')}`);
  return { protocol: channel.protocol, endpoint: fields[channel.recipient] as string };
}

/** `email, sms, https and queue`, or with "or". */
export function recipientFields(word: 'and' | 'or'): string {
  return listed(
    all.map(({ recipient }) => recipient),
    word,
  );
}

/** A recipient in the configuration file: exactly one of the channels' fields. */
export const recipientField = z.union(
  all.map(({ recipient, address }) => z.strictObject({ [recipient]: address })),
  {
    error: `must have exactly one of ${recipientFields('and')}, e.g. { "email": "oncall@example.com" } or { "sms": "+441632960000" }`,
  },
) as unknown as z.ZodType<Recipient, Recipient>;
