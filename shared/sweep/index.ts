export { runRequest } from './close-run.ts';
export { publishDay, reportKey } from './publish-day.ts';
export type { SweepReport } from './report.ts';
export type { SweepDeps, SweepRequest, SweepRun } from './run.ts';
export { recheck } from './watch.ts';
