import { afterAll } from 'vitest';
import { clientConfig, type LocalAws, startLocalAws } from '../../local/aws/local-aws.ts';

let started: Promise<LocalAws> | undefined;

afterAll(async () => {
  await (await started)?.stop();
});

/** Settings for clients of an AWS on this machine, which ends with the test file. No RDS stands behind it. */
export async function localAws(): Promise<{ readonly clientConfig: ReturnType<typeof clientConfig> }> {
  started ??= startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:1' });
  return { clientConfig: clientConfig(await started) };
}
