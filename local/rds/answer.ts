import { internalFailure, RdsFault } from './faults.ts';
import { readInput, writeFault, writeResult } from './query-protocol.ts';
import { uuid } from './randomness.ts';
import type { RdsSimulator } from './simulator.ts';

export interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers one request of the Query protocol, given its form-encoded body. */
export function answer(simulator: RdsSimulator, formBody: string): Answer {
  const requestId = uuid(Math.random);
  const reply = (statusCode: number, body: string): Answer => ({
    statusCode,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body,
  });
  try {
    const form = new URLSearchParams(formBody);
    const action = form.get('Action') ?? '';
    const operation = simulator.operation(action);
    const result = simulator.call(action, readInput(operation, form));
    return reply(200, writeResult(operation, result, requestId));
  } catch (error) {
    if (error instanceof RdsFault) return reply(error.status, writeFault(error, requestId));
    console.error(error);
    return reply(500, writeFault(internalFailure, requestId));
  }
}
