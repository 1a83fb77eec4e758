export { type Capacity, capacityOf, capacityWarnings, copiesADay, daysAMonth, observe, usdPerGiB } from './capacity.ts';
export { copyCalls } from './copy-calls.ts';
export { initialCopy } from './copy-policy.ts';
export { exportSlots } from './export-tasks.ts';
export { exportFailure, leftOutError } from './failures.ts';
export { fairly } from './fair.ts';
export { othersInPeriod } from './period.ts';
export { ended, isHeld, type ModeMade, retried, retryMode } from './transitions.ts';
export { type CopyTrigger, type EnvironmentPass, type WorkReport, workOnCopies } from './work.ts';

/** What verifies exports. It loads S3's client, so it is imported only once an export has ended. */
export const verification = () => import('./verify.ts');
