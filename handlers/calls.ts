import type { AwsCalls } from '../shared/lib/aws-calls.ts';

/** The calls that handlers make themselves, and the rights they need. */
export const handlerCalls = {
  reports: { PutObject: { object: ['s3:PutObject'] } },
  assumeRole: { AssumeRole: { role: ['sts:AssumeRole'] } },
  undelivered: {
    GetQueueUrl: { queue: ['sqs:GetQueueUrl'] },
    GetQueueAttributes: { queue: ['sqs:GetQueueAttributes'] },
  },
  triggerCopies: { Invoke: { function: ['lambda:InvokeFunction'] } },
} as const satisfies Record<string, AwsCalls<'object' | 'function' | 'queue' | 'role'>>;
