import type { ReportFacts } from './facts.ts';

/** The page as HTML. With its charts it is large, and most runs never need it, so it is loaded only here. */
export async function renderReport(facts: ReportFacts): Promise<string> {
  const { reportPage } = await import('./page.ts');
  return reportPage(facts);
}
