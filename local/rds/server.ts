import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { answer } from './answer.ts';
import { answerJobs, isJobsPath } from './backup-jobs.ts';
import { RdsSimulator } from './simulator.ts';

export interface RdsServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves simulators on 127.0.0.1, on a free port unless one is given. One answers every call. Of several, each answers those for its
 * account and Region, which the local AWS names in `x-account` and `x-region`; in any other account or Region RDS is empty.
 */
export async function startRdsServer(
  simulators: RdsSimulator | readonly [RdsSimulator, ...RdsSimulator[]],
  options: { port?: number } = {},
): Promise<RdsServer> {
  const simulatorOf = simulators instanceof RdsSimulator ? () => simulators : selector(simulators);
  const server = createServer((request, response) => void serve(simulatorOf(request.headers), request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

function selector(simulators: readonly [RdsSimulator, ...RdsSimulator[]]) {
  return ({ 'x-account': account = '', 'x-region': region = '' }: IncomingHttpHeaders): RdsSimulator =>
    simulators.find((simulator) => simulator.account === account && simulator.region === region) ??
    new RdsSimulator({ now: simulators[0].now, account: String(account), region: String(region) });
}

async function serve(simulator: RdsSimulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
    const { statusCode, headers, body } = isJobsPath(pathname)
      ? answerJobs(simulator, pathname, searchParams)
      : answer(simulator, await text(request));
    response.writeHead(statusCode, headers).end(body);
  } catch {
    // The caller hung up while it was sending; there is nobody to answer.
    response.destroy();
  }
}

/** Keeps the simulated time at the wall clock, so that exports end and events leave by themselves. */
export function followClock(
  simulator: RdsSimulator,
  options: { everyMs?: number; clock?: () => Date; onError?: (error: unknown) => void } = {},
): () => void {
  const { everyMs = 1000, clock = () => new Date(), onError = (error) => console.error(error) } = options;
  let busy = false;
  const timer = setInterval(async () => {
    if (busy) return;
    busy = true;
    await simulator.advanceTo(clock()).catch(onError);
    busy = false;
  }, everyMs);
  return () => clearInterval(timer);
}
