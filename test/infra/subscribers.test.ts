import { describe, expect, it } from 'vitest';
import { subscribers } from '../../infra/subscribers.ts';
import type { Recipient } from '../../shared/channels/index.ts';
import type { Fleet } from '../../shared/config/fleet.ts';
import { namedRecipients } from '../../shared/notifications/endpoints.ts';
import { exampleFleet, messagesOf, plain, synthesize, withoutHashes } from './synthesized.ts';

const notifying = (tenants: Record<string, readonly Recipient[]>, operators: readonly Recipient[] = []): Fleet => ({
  ...exampleFleet,
  operators,
  tenants: Object.entries(tenants).map(([id, recipients]) => ({ id, maxAgeHours: 24, recipients })),
});
const tenants = (count: number, recipient: (number: number) => Recipient) =>
  Object.fromEntries(Array.from({ length: count }, (_, number) => [`tenant-${number}`, [recipient(number)]]));

const ann = { email: 'ann@example.com' };
const queue = { queue: 'arn:aws:sqs:eu-west-1:123456789012:alerts' };

describe('subscribers', () => {
  it('an address is notified of its own tenant alone, whatever its protocol', () => {
    expect(
      subscribers(
        notifying({ acme: [ann, { sms: '+441632960961' }], globex: [{ https: 'https://chat.example.com' }, queue] }),
      ),
    ).toEqual([
      { protocol: 'email', endpoint: 'ann@example.com', operator: false, filter: { tenant: ['acme'] } },
      { protocol: 'sms', endpoint: '+441632960961', operator: false, filter: { tenant: ['acme'] } },
      { protocol: 'https', endpoint: 'https://chat.example.com', operator: false, filter: { tenant: ['globex'] } },
      { protocol: 'sqs', endpoint: queue.queue, operator: false, filter: { tenant: ['globex'] } },
    ]);
  });

  it('an address of two tenants is one subscription, notified of both', () => {
    expect(subscribers(notifying({ acme: [ann], globex: [ann] }))).toEqual([
      { protocol: 'email', endpoint: 'ann@example.com', operator: false, filter: { tenant: ['acme', 'globex'] } },
    ]);
  });

  it('an operator is notified of every tenant and of digests, also where it is a tenant as well', () => {
    expect(subscribers(notifying({ acme: [ann] }, [ann]))).toEqual([
      { protocol: 'email', endpoint: 'ann@example.com', operator: true, filter: { audience: ['all', 'operators'] } },
    ]);
  });

  it('an address of 150 tenants fits one filter policy; one of more is named by the messages instead', () => {
    expect(subscribers(notifying(tenants(150, () => ann)))[0]?.filter.tenant).toHaveLength(150);
    const fleet = notifying(tenants(500, () => ann));
    const [only, ...others] = subscribers(fleet);
    expect(others).toEqual([]);
    expect(only?.filter).toEqual({ recipients: [expect.stringMatching(/^[0-9a-f]{16}$/)] });
    const named = namedRecipients(fleet);
    expect(named.size).toBe(500);
    expect(named.get('tenant-499')).toEqual(only?.filter.recipients);
    expect(namedRecipients(notifying(tenants(150, () => ann))).size).toBe(0);
  });

  it('200 recipients fit one topic, 201 are refused with the cure', () => {
    const addresses = (count: number) =>
      notifying(tenants(count, (number) => ({ email: `person-${number}@example.com` })));
    expect(subscribers(addresses(200))).toHaveLength(200);
    expect(() => subscribers(addresses(201))).toThrow(
      'The configuration has 201 recipients; an SNS topic takes at most 200 filter policies. Let tenants share addresses',
    );
  });
});

describe('the topics', () => {
  it('alerts are filtered for everybody; alarms, which carry no attributes, reach operators without a filter', () => {
    const stack = synthesize(notifying({ acme: [ann] }, [{ email: 'oncall@example.com' }]));
    const found = stack.all('AWS::SNS::Subscription').map(([, { Properties }]) => ({
      topic: withoutHashes(plain(Properties.TopicArn)),
      endpoint: Properties.Endpoint as string,
      filter: Properties.FilterPolicy as unknown,
    }));
    expect(found).toEqual([
      { topic: 'AlertsTopic', endpoint: 'oncall@example.com', filter: { audience: ['all', 'operators'] } },
      { topic: 'AlertsAlarmTopic', endpoint: 'oncall@example.com', filter: undefined },
      { topic: 'AlertsTopic', endpoint: 'ann@example.com', filter: { tenant: ['acme'] } },
    ]);
  });

  it('a stack whose failure nobody is notified of says so at synth, with the cure', () => {
    expect(messagesOf(notifying({ acme: [ann] }))).toEqual([
      expect.stringMatching(
        /^warning: Nobody is notified when this stack itself fails.*Add a recipient, e\.g\. "operators"/,
      ),
    ]);
  });
});
