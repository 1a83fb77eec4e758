import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';

/** Has the copy function called, and does not wait for it. */
export async function triggerCopies(copyFunctionName: string): Promise<void> {
  const input = { FunctionName: copyFunctionName, InvocationType: 'Event', Payload: '{}' } as const;
  await new LambdaClient().send(new InvokeCommand(input));
}
