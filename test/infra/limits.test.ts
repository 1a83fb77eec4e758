import { describe, expect, it } from 'vitest';
import { exceededLimits, type Template } from '../../infra/limits.ts';
import { synthesize } from './synthesized.ts';

const long = (size: number) => ({ Statement: [{ Sid: 'x'.repeat(size) }] });
const on = (Type: string, Properties: object): Template => ({ Resources: { It: { Type, Properties } } });
const role = (policies: readonly object[], properties: object = {}): Template => ({
  Resources: {
    Role: { Type: 'AWS::IAM::Role', Properties: properties },
    ...Object.fromEntries(policies.map((policy, at) => [`Policy${at}`, policy])),
  },
});
const attached = (Type: string, size: number) => ({
  Type,
  Properties: { PolicyDocument: long(size), Roles: [{ Ref: 'Role' }] },
});
const many = (count: number, of: unknown) => Array.from({ length: count }, () => of);
const queuePolicy = (Statement: readonly object[]) => on('AWS::SQS::QueuePolicy', { PolicyDocument: { Statement } });

describe('each quota is held, with its figures and the cure', () => {
  it.each<{ of: string; template: Template; said: string }>([
    {
      of: 'resources',
      template: {
        Resources: Object.fromEntries(many(501, 0).map((_, at) => [`R${at}`, { Type: 'AWS::SNS::Subscription' }])),
      },
      said: 'The stack: 501 resources, AWS takes at most 500. Let tenants share recipients',
    },
    {
      of: 'the template',
      template: on('AWS::Some::Thing', { Text: 'x'.repeat(1_000_000) }),
      said: 'The template: 1000',
    },
    {
      of: 'outputs',
      template: { Resources: {}, Outputs: Object.fromEntries(many(201, 0).map((_, at) => [`O${at}`, {}])) },
      said: 'The stack: 201 outputs, AWS takes at most 200.',
    },
    {
      of: 'inline policies together',
      template: role([attached('AWS::IAM::Policy', 6_000), attached('AWS::IAM::Policy', 6_000)]),
      said: 'Role: its inline policies: 120',
    },
    {
      of: 'a managed policy',
      template: role([attached('AWS::IAM::ManagedPolicy', 6_144)]),
      said: 'Role: one of its managed policies: 61',
    },
    {
      of: 'managed policies of a role',
      template: role(many(9, attached('AWS::IAM::ManagedPolicy', 1)) as object[], {
        ManagedPolicyArns: ['arn:one', 'arn:two'],
      }),
      said: 'Role: 11 managed policies, AWS takes at most 10. Let databases share one bucket',
    },
    {
      of: 'a trust policy',
      template: role([], { AssumeRolePolicyDocument: long(2_048) }),
      said: 'Role: its trust policy: 20',
    },
    { of: 'a bucket policy', template: on('AWS::S3::BucketPolicy', { PolicyDocument: long(20_480) }), said: 'It: its' },
    { of: 'a key policy', template: on('AWS::KMS::Key', { KeyPolicy: long(32_768) }), said: 'It: its key policy: 32' },
    { of: 'a queue policy', template: on('AWS::SQS::QueuePolicy', { PolicyDocument: long(8_192) }), said: 'It: its' },
    { of: 'its statements', template: queuePolicy(many(21, {}) as object[]), said: 'It: its policy: 21 statements' },
    {
      of: 'its principals',
      template: queuePolicy([{ Principal: { AWS: many(50, '1'), Service: 'a' } }]),
      said: 'It: its policy: 51 principals',
    },
    { of: 'a topic policy', template: on('AWS::SNS::TopicPolicy', { PolicyDocument: long(30_720) }), said: 'It: its' },
    {
      of: 'a filter policy',
      template: on('AWS::SNS::Subscription', { FilterPolicy: { tenant: ['x'.repeat(262_144)] } }),
      said: 'It: its filter policy: 262',
    },
    {
      of: 'a bus policy',
      template: on('AWS::Events::EventBusPolicy', { Statement: long(10_240) }),
      said: 'AWS takes at most 10240. Let it admit the accounts of an organization',
    },
    {
      of: 'roles to assume',
      template: role([
        {
          Type: 'AWS::IAM::ManagedPolicy',
          Properties: {
            PolicyDocument: { Statement: [{ Action: 'sts:AssumeRole', Resource: many(200, 'x'.repeat(40)) }] },
            Roles: [{ Ref: 'Role' }],
          },
        },
      ]),
      said: 'AWS takes at most 6144. Watch some of the "environments" from another hub',
    },
    {
      of: 'an event pattern',
      template: on('AWS::Events::Rule', { EventPattern: { source: ['x'.repeat(2_048)] } }),
      said: 'It: its event pattern: 20',
    },
    {
      of: 'an environment',
      template: on('AWS::Lambda::Function', { Environment: { Variables: { NAME: 'x'.repeat(4_096) } } }),
      said: 'It: its environment: 41',
    },
    {
      of: 'filters of a stream',
      template: on('AWS::Lambda::EventSourceMapping', { FilterCriteria: { Filters: many(6, {}) } }),
      said: 'It: it: 6 filters',
    },
    {
      of: "an alarm's description",
      template: on('AWS::CloudWatch::Alarm', { AlarmDescription: 'x'.repeat(1_025) }),
      said: 'It: its description: 1025 characters, AWS takes at most 1024. Choose a shorter "alerts.runbookUrl".',
    },
  ])('$of', ({ template, said }) => {
    expect(exceededLimits(template)).toEqual([expect.stringContaining(said)]);
  });

  it('a reference counts as long as it may become, once it is deployed', () => {
    const documentOf = (count: number) => ({
      Statement: [{ Resource: many(count, { 'Fn::GetAtt': ['Thing', 'Arn'] }) }],
    });
    const policy = (count: number) => on('AWS::S3::BucketPolicy', { PolicyDocument: documentOf(count) });
    expect(exceededLimits(policy(100))).toEqual([]);
    expect(exceededLimits(policy(140))).toHaveLength(1);
  });

  it('the example keeps within all of them', () => {
    expect(exceededLimits(synthesize().template)).toEqual([]);
  });
});
