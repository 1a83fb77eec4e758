import pMap from 'p-map';
import type { FleetEnvironment } from '../../shared/config/index.ts';
import { copyCauses, environmentsAtOnce } from '../../shared/domain/index.ts';
import { collect } from '../../shared/lib/iterables.ts';
import { formatUtc } from '../../shared/lib/time.ts';
import { byCause } from '../../shared/read-model/index.ts';
import { copyReasonOf, copySentenceOf } from '../../shared/reasons/index.ts';
import type { DeployedLedger } from '../dependencies.ts';
import { plural } from '../screen.ts';
import type { DoctorFinding } from './finding.ts';

/** Scopes whose copies wait, and copies that failed for good, by cause: one missing right stops many. */
export async function checkCopies(
  { ledger }: DeployedLedger,
  environments: readonly FleetEnvironment[],
  now: Date,
): Promise<DoctorFinding[]> {
  const reader = { now, audience: 'operators' } as const;
  const inEach = async <T>(read: (environment: FleetEnvironment) => Promise<readonly T[]>) =>
    (await pMap(environments, read, { concurrency: environmentsAtOnce })).flat();
  const paused = (await inEach((environment) => ledger.copyPauses(environment))).flatMap((pause): DoctorFinding[] => {
    const { kind, name, cause, pausedAt } = pause;
    if (pausedAt === undefined) return [];
    return [
      {
        check: 'copies',
        kind: 'problem',
        found: `copies of ${kind} ${name} are paused since ${formatUtc(pausedAt)}: ${copySentenceOf(cause, reader)}`,
        cure: 'Put that right. One copy an hour is tried; all go on by themselves once one succeeds.',
      },
    ];
  });
  const failed = await inEach((environment) => collect(ledger.copies(environment, 'failed')));
  if (failed.length === 0 && paused.length === 0) {
    return [{ check: 'copies', kind: 'ok', found: 'none failed', cure: null }];
  }
  const stopped = byCause(failed).map(({ code, copies: [first, ...others] }): DoctorFinding => {
    const reason = first && copyReasonOf(first.copy, reader);
    return {
      check: 'copies',
      kind: 'problem',
      found: foundOf(code, plural(others.length + 1, 'copy', 'copies')),
      cure: `${reason === undefined ? '' : `Of ${first?.id}: ${reason}. `}Once that is fixed, "copy retry ${code === null ? '--all-failed' : `--cause ${code}`}" queues them again.`,
    };
  });
  return [...paused, ...stopped];
}

function foundOf(code: string | null, copies: string): string {
  if (code === null) return `${copies} failed without a known cause.`;
  const isKnown = Object.hasOwn(copyCauses, code);
  const meaning = isKnown ? copyCauses[code as keyof typeof copyCauses].meaning : 'A later version knows that cause.';
  return `${code} stopped ${copies}. ${meaning}`;
}
