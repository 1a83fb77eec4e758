import { afterAll } from 'vitest';
import { clientConfig, type LocalAws, startLocalAws } from '../../local/aws/local-aws.ts';

let started: Promise<LocalAws> | undefined;

afterAll(async () => {
  await (await started)?.stop();
});

/** An AWS on this machine, which ends with the test file: settings for clients of this process, and for children's. */
export interface AwsForTests {
  readonly clientConfig: ReturnType<typeof clientConfig>;
  readonly env: Readonly<Record<string, string>>;
}

/** No RDS stands behind it. */
export async function localAws(): Promise<AwsForTests> {
  started ??= startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:1' });
  const aws = await started;
  return { clientConfig: clientConfig(aws), env: aws.env };
}
