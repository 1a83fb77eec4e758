import { BackupClient, type BackupClientConfig } from '@aws-sdk/client-backup';
import { RDSClient, type RDSClientConfig } from '@aws-sdk/client-rds';
import { HttpResponse } from '@smithy/core/protocols';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import type { HttpHandlerOptions, HttpRequest } from '@smithy/types';
import { type Answer, answer } from './answer.ts';
import { answerJobs } from './backup-jobs.ts';
import type { RdsSimulator } from './simulator.ts';

/** A request handler for the SDK's clients that answers without a socket. */
function handlerOf(reply: (request: HttpRequest) => Answer) {
  return {
    handle: async (request: HttpRequest, _options?: HttpHandlerOptions): Promise<{ response: HttpResponse }> => {
      const { statusCode, headers, body } = reply(request);
      const bytes = new TextEncoder().encode(body);
      return { response: new HttpResponse({ statusCode, headers: { ...headers }, body: bytes }) };
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  };
}

/** The SDK's own client on the simulator. It tries three times as it does on AWS, but without waiting in between. */
export function inProcessClient(simulator: RdsSimulator, config: RDSClientConfig = {}): RDSClient {
  return new RDSClient({
    ...settingsOf(simulator),
    requestHandler: handlerOf((request) => answer(simulator, String(request.body ?? ''))),
    ...config,
  });
}

/** The same of AWS Backup. */
export function inProcessBackupClient(simulator: RdsSimulator, config: BackupClientConfig = {}): BackupClient {
  return new BackupClient({
    ...settingsOf(simulator),
    requestHandler: handlerOf(({ path, query }) =>
      answerJobs(
        simulator,
        path,
        new URLSearchParams(
          Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
        ),
      ),
    ),
    ...config,
  });
}

function settingsOf(simulator: RdsSimulator) {
  return {
    region: simulator.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    endpoint: 'http://rds.invalid',
    // The shell may ask for endpoints of AWS (AWS_USE_FIPS_ENDPOINT); the SDK refuses that beside an endpoint of our own.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryStrategy: new ConfiguredRetryStrategy(3, () => 0),
  };
}
