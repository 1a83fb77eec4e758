import { copyCauses } from '../../shared/domain/index.ts';
import { collect } from '../../shared/lib/iterables.ts';
import { byCause } from '../../shared/read-model/index.ts';
import { copyReasonOf } from '../../shared/reasons/index.ts';
import type { DeployedLedger } from '../dependencies.ts';
import { plural } from '../screen.ts';
import type { DoctorFinding } from './finding.ts';

/** Copies that failed for good, by cause: one missing right stops many. */
export async function checkCopies({ ledger, account, region }: DeployedLedger, now: Date): Promise<DoctorFinding[]> {
  const failed = await collect(ledger.copies({ account, region }, 'failed'));
  if (failed.length === 0) return [{ check: 'copies', kind: 'ok', found: 'none failed', cure: null }];
  return byCause(failed).map(({ code, copies: [first, ...others] }): DoctorFinding => {
    const reason = first && copyReasonOf(first.copy, { now, audience: 'operators' });
    return {
      check: 'copies',
      kind: 'problem',
      found: foundOf(code, plural(others.length + 1, 'copy', 'copies')),
      cure: `${reason === undefined ? '' : `Of ${first?.id}: ${reason}. `}Once that is fixed, "copy retry" queues each again.`,
    };
  });
}

function foundOf(code: string | null, copies: string): string {
  if (code === null) return `${copies} failed without a known cause.`;
  const isKnown = Object.hasOwn(copyCauses, code);
  const meaning = isKnown ? copyCauses[code as keyof typeof copyCauses].meaning : 'A later version knows that cause.';
  return `${code} stopped ${copies}. ${meaning}`;
}
