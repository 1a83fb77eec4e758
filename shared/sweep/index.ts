export { closeRun, reportKey } from './after-run.ts';
export type { SweepDeps, SweepReport, SweepRequest, SweepResult } from './run.ts';
export { recheck, sweep, watch } from './sweep.ts';
