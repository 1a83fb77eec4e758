import type { RdsEvent } from '../../../local/rds/events.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator, type SimulatorOptions } from '../../../local/rds/simulator.ts';

export const utc = (time: string) => new Date(`${time}Z`);

/** A simulator that starts on 1 November 2026 at midnight, the SDK's client on it, and the events that it sent. */
export function simulated(options: Partial<SimulatorOptions> = {}) {
  const events: RdsEvent[] = [];
  const rds = new RdsSimulator({
    now: utc('2026-11-01T00:00:00'),
    eventSink: (event) => {
      events.push(event);
    },
    ...options,
  });
  const numbers = () => events.map(({ detail }) => detail.EventID.replace('RDS-EVENT-', ''));
  return { rds, events, numbers, client: inProcessClient(rds) };
}

/** The name of the error that a call ends with; a call that succeeds fails the test. */
export async function errorName(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) throw new Error('the call was expected to fail, and succeeded');
  return error instanceof Error ? error.name : String(error);
}
