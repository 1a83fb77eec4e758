/** What is decided of a row is written with its alert, and decided anew where somebody else wrote in between. */
import { isDeepStrictEqual } from 'node:util';
import type { Alert, DatabaseRow } from '../domain/index.ts';
import type { DatabaseEvaluation, EvaluationTarget, KnownDatabase } from '../evaluation/index.ts';
import { type Ledger, update, withExpiry } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { type Checked, type CheckOptions, nothing } from './check.ts';

export type RowAndAlert = Pick<KnownDatabase, 'row' | 'alert'>;

interface Settling<Known extends RowAndAlert> {
  readonly known: Known;
  readonly read: () => Promise<Known>;
  readonly evaluate: (known: Known) => DatabaseEvaluation;
  readonly onDryRun?: (decision: DatabaseEvaluation) => void;
  readonly beforeWriting?: (decision: DatabaseEvaluation, known: Known) => Promise<void>;
  readonly options: CheckOptions;
  /** Takes what could not be done. */
  readonly failures: Set<string>;
}

/** Evaluates what is known, and writes what follows; where somebody else writes the row in between, it is decided again. */
export async function settle<Known extends RowAndAlert>(
  ledger: Ledger,
  subject: EvaluationTarget,
  { known: first, read, evaluate, onDryRun, beforeWriting, options, failures }: Settling<Known>,
): Promise<Checked> {
  const { dryRun, retentionDays, mayOpen } = options;
  // What the last decision came to.
  const last: { decision?: DatabaseEvaluation; postponed: boolean } = { postponed: false };
  const written = await update<Known, { readonly row: DatabaseRow; readonly alert?: Alert }>({
    what: `the row of database ${subject.key}`,
    known: first,
    read,
    decide: async (known) => {
      const decision = evaluate(known);
      last.decision = decision;
      last.postponed = decision.notification?.step === 'open' && !mayOpen;
      if (last.postponed) return undefined;
      if (dryRun) {
        onDryRun?.(decision);
        return undefined;
      }
      await beforeWriting?.(decision, known);
      const changed = decision.alert && withExpiry(decision.alert, retentionDays);
      if (changed && !isDeepStrictEqual(changed, known.alert)) return { row: decision.row, alert: changed };
      return isDeepStrictEqual(decision.row, known.row) ? undefined : { row: decision.row };
    },
    write: ({ row: changed, alert: changedAlert }) =>
      changedAlert ? ledger.putDatabaseWithAlert(changed, changedAlert) : ledger.putDatabase(changed),
  }).catch((error: unknown) => {
    if (last.decision === undefined) throw error;
    // People are notified of what is written alone: the alert would open anew with every run.
    const verdict = last.decision.evaluation?.verdict;
    failures.add(`${verdict === undefined ? '' : `is ${verdict}, but `}could not be written: ${errorText(error)}`);
    return 'failed' as const;
  });
  const { decision, postponed } = last;
  if (decision === undefined) throw new Error('no decision was made');
  const { evaluation, notification, tagNotice } = decision;
  const isWritten = written !== 'failed';
  return {
    ...nothing,
    subject,
    ...(evaluation && { evaluation }),
    ...(tagNotice && isWritten && { tagNotice }),
    ...(notification &&
      isWritten &&
      !postponed && {
        notification: { ...notification, alert: written?.alert ?? notification.alert, row: decision.row },
      }),
    closed: postponed ? 0 : decision.gone.length,
    postponed,
    failures: [...failures],
  };
}
