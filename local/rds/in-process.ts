import { RDSClient, type RDSClientConfig } from '@aws-sdk/client-rds';
import { HttpResponse } from '@smithy/core/protocols';
import { ConfiguredRetryStrategy } from '@smithy/core/retry';
import type { HttpHandlerOptions, HttpRequest } from '@smithy/types';
import { answer } from './answer.ts';
import type { RdsSimulator } from './simulator.ts';

/** A request handler for the SDK's client that answers from the simulator, without a socket. */
export function inProcessHandler(simulator: RdsSimulator) {
  return {
    handle: async (request: HttpRequest, _options?: HttpHandlerOptions): Promise<{ response: HttpResponse }> => {
      const { statusCode, headers, body } = answer(simulator, String(request.body ?? ''));
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
    region: simulator.region,
    credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
    endpoint: 'http://rds.invalid',
    // The shell may ask for endpoints of AWS (AWS_USE_FIPS_ENDPOINT); the SDK refuses that beside an endpoint of our own.
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    retryStrategy: new ConfiguredRetryStrategy(3, () => 0),
    requestHandler: inProcessHandler(simulator),
    ...config,
  });
}
