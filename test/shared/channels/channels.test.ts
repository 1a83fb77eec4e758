import { describe, expect, it } from 'vitest';
import { channels, endpointOf, type Recipient, recipientField } from '../../../shared/channels/index.ts';

const table = Object.values(channels);

/** An address that each channel takes. A channel without one does not compile. */
const addresses: Record<keyof typeof channels, string> = {
  email: 'oncall@example.com',
  sms: '+441632960961',
  chat: 'https://chat.example.com/hook',
  body: 'arn:aws:sqs:eu-west-1:123456789012:alerts',
};

const recipients = Object.entries(addresses).map(([name, address]) => {
  const channel = channels[name as keyof typeof channels];
  return { channel, address, recipient: { [channel.recipient]: address } as unknown as Recipient };
});

describe('the table of channels', () => {
  it('gives each its own protocol, text and recipient', () => {
    for (const field of ['protocol', 'key', 'recipient'] as const) {
      const values = table.map((channel) => channel[field]);
      expect(new Set(values).size).toBe(values.length);
    }
  });

  it('has one for every protocol that no other is for', () => {
    expect(table.filter(({ key }) => key === 'default')).toHaveLength(1);
  });
});

describe('a recipient', () => {
  it.each(recipients)(
    'of $channel.title is read, and is an endpoint of its protocol',
    ({ channel, address, recipient }) => {
      expect(recipientField.parse(recipient)).toEqual(recipient);
      expect(endpointOf(recipient)).toEqual({ protocol: channel.protocol, endpoint: address });
    },
  );

  it('has exactly one field', () => {
    const all = Object.assign({}, ...recipients.map(({ recipient }) => recipient));
    for (const wrong of [{}, all]) {
      expect(recipientField.safeParse(wrong).error?.issues[0]?.message).toBe(
        'must have exactly one of email, sms, https and queue, e.g. { "email": "oncall@example.com" } or { "sms": "+441632960000" }',
      );
    }
  });

  it('of no channel is a mistake in the code', () => {
    expect(() => endpointOf({ pigeon: 'coop 7' } as unknown as Recipient)).toThrow('no channel has a recipient');
  });
});
