export { type ReportFacts, reportSchema } from './facts.ts';
export { readReportFacts } from './read-report.ts';
export { renderReport } from './render.ts';
