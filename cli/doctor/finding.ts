/** `ok`: looked at, and fine. `problem`: wrong. `warning`: may be meant so. `unread`: could not be looked at. */
export type FindingKind = 'ok' | 'warning' | 'problem' | 'unread';

/** One thing that was looked at. */
export interface Finding {
  readonly check: string;
  readonly kind: FindingKind;
  /** What was seen. */
  readonly found: string;
  /** What to do about it; null where there is nothing to do. */
  readonly cure: string | null;
}
