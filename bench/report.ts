/**
 * The report's page at 5, 200 and 2,000 databases: how long it takes to write, how large it is, and how long a browser takes
 * to open it from a file and to answer a filter. Each figure is the median of five.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { renderReport } from '../shared/report/index.ts';
import { chromiumMissing, findChromium, openChromium } from '../test/browser/chromium.ts';
import { givenFacts } from '../test/shared/report/given.ts';

const repeats = 5;

export interface ReportResult {
  readonly databases: number;
  readonly writtenMs: number;
  readonly fileKB: number;
  /** From the request of the file until its script has run and the first picture is painted. */
  readonly openedMs: number;
  /** From a filter's change until the next picture. */
  readonly filteredMs: number;
}

export async function reportBenchmark(): Promise<ReportResult[]> {
  const executable = findChromium();
  if (executable === undefined) throw new Error(chromiumMissing);
  const folder = await mkdtemp(join(tmpdir(), 'report-bench-'));
  try {
    await using browser = await openChromium(executable);
    const results: ReportResult[] = [];
    for (const databases of [5, 200, 2000]) {
      const facts = givenFacts({ databases });
      const html = await renderReport(facts);
      const file = join(folder, `${databases}.html`);
      await writeFile(file, html);
      const opened: number[] = [];
      const filtered: number[] = [];
      const written: number[] = [];
      for (let run = 0; run < repeats; run += 1) {
        const started = performance.now();
        await renderReport(facts);
        written.push(performance.now() - started);
        const page = await browser.context.newPage();
        await page.goto(pathToFileURL(file).href);
        opened.push(await page.evaluate<number>(untilPainted));
        filtered.push(await page.evaluate<number>(untilFiltered));
        await page.close();
      }
      results.push({
        databases,
        writtenMs: median(written),
        fileKB: Math.round(Buffer.byteLength(html) / 1000),
        openedMs: median(opened),
        filteredMs: median(filtered),
      });
    }
    return results;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const untilPainted = `new Promise((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(Math.max(
  performance.getEntriesByType('navigation')[0].loadEventEnd,
  performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? performance.now(),
)))))`;

const untilFiltered = `new Promise((resolve, reject) => {
  const started = performance.now();
  const search = document.getElementById('search');
  search.value = 'orders';
  search.dispatchEvent(new Event('input', { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => {
    const took = performance.now() - started;
    // A filter that changes nothing takes no time: that would look like a success.
    if (document.getElementById('reset').disabled) reject(new Error('the filter did not change the page'));
    else resolve(took);
  }));
})`;

function median(values: number[]): number {
  const middle = values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
  return Math.round(middle);
}
