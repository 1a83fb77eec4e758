export { type Capacity, capacityOf, capacityWarnings, observe, usdPerGiB } from './capacity.ts';
export { copyCalls } from './copy-calls.ts';
export { initialCopy } from './copy-policy.ts';
export { exportSlots } from './export-tasks.ts';
export { leftOutError } from './failures.ts';
export { fairly } from './fair.ts';
export { othersInPeriod } from './period.ts';
export { ended, retried, retryMode } from './transitions.ts';
export { type CopyTrigger, type WorkReport, workOnCopies } from './work.ts';
