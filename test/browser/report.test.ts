import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ReportFacts } from '../../shared/report/facts.ts';
import { reportPage } from '../../shared/report/page.ts';
import { givenFacts } from '../shared/report/given.ts';
import { type Browser, chromiumMissing, findChromium, openChromium } from './chromium.ts';

const executable = findChromium();
if (executable === undefined) {
  if (process.env.REQUIRE_BROWSER) throw new Error(chromiumMissing);
  console.log(`The report is not tested in a browser. ${chromiumMissing}`);
}

const nasty = '</script><img src=x onerror="document.title=\'taken\'">';
const small = givenFacts({ databases: 5, troubleEvery: 4 });
const large = givenFacts({ databases: 2000 });

describe.runIf(executable)('the report in a browser', () => {
  let browser: Browser;
  let folder: string;
  let page: Page;
  /** What went wrong in the page, and whom it asked. */
  let trouble: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'report-pages-'));
    browser = await openChromium(executable ?? '');
  });

  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await page.close();
    expect(trouble).toEqual([]);
  });

  interface Look {
    readonly width?: number;
    readonly dark?: boolean;
    readonly hash?: string;
    /** Changes the page before it is opened. */
    readonly html?: (whole: string) => string;
  }

  async function open(
    facts: ReportFacts,
    { width = 1280, dark = false, hash = '', html = (whole) => whole }: Look = {},
  ): Promise<void> {
    const file = join(folder, 'report.html');
    await writeFile(file, html(reportPage(facts)));
    page = await browser.context.newPage();
    trouble = [];
    page.on('console', (message) => trouble.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => trouble.push(error.message));
    page.on('request', (request) => {
      if (request.url().split('#')[0] !== pathToFileURL(file).href && !request.url().startsWith('data:')) {
        trouble.push(`request: ${request.url()}`);
      }
    });
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light', media: 'screen' });
    await page.goto(`${pathToFileURL(file).href}${hash}`);
  }

  /** Presses Tab until an element that the selector names has the focus. */
  async function tabTo(selector: string): Promise<void> {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return;
    }
    throw new Error(`Tab does not reach ${selector}`);
  }

  const calendarNames = () => page.locator('#calendar tbody .db').allTextContents();
  const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');

  test('first of all it says who is not protected and since when', async () => {
    await open(small);
    expect(await page.title()).toContain('1 of 5 databases is not protected');
    const first = page.locator('.worst tbody tr').first();
    expect(await first.textContent()).toMatch(/delta-orders.*overdue.*5 h 48 min/s);
    expect((await first.boundingBox())?.y).toBeLessThan(800);
  });

  test('names that are markup stay text, and run nothing', async () => {
    const facts = givenFacts({
      databases: 3,
      troubleEvery: 2,
      change: (database) => ({ ...database, id: nasty, tenant: nasty, reason: nasty }),
    });
    await open(facts);
    await page.getByLabel('Search').fill('img');
    expect(await calendarNames()).toEqual([nasty, nasty, nasty]);
    await page.locator('#calendar tbody td').last().focus();
    expect(await page.locator('#cell').textContent()).toContain(nasty);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('taken');
  });

  test('even markup that got into the page could neither run nor ask anybody', async () => {
    await open(small);
    await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(nasty)})`);
    await expect
      .poll(() => trouble.filter((line) => line.includes('Content Security Policy')).length)
      .toBeGreaterThan(0);
    expect(await page.title()).not.toBe('taken');
    expect(trouble.filter((line) => line.startsWith('request: http'))).toEqual([]);
    trouble = [];
  });

  test('filters are used by keyboard, kept in the hash, and come back with it', async () => {
    await open(large);
    await tabTo('#search');
    await page.keyboard.type('ledger');
    await tabTo('#tenant');
    await page.keyboard.type('juniper-2');
    await tabTo('input[value="disabled"]');
    await page.keyboard.press('Space');
    const names = await calendarNames();
    expect(names).toEqual(['juniper-2-ledger']);
    expect(await page.locator('#ages tbody .db').allTextContents()).toEqual(names);
    expect(await page.locator('#attainment tbody .db').allTextContents()).toEqual(['juniper-2']);
    expect(await page.locator('#shown').textContent()).toBe('1 of 2,000 databases shown');
    const hash = new URL(page.url()).hash;
    expect(hash).toBe('#tenant=juniper-2&verdict=disabled&search=ledger');
    await page.close();

    await open(large, { hash });
    expect(await calendarNames()).toEqual(names);
    expect(await page.getByLabel('Search').inputValue()).toBe('ledger');
    await tabTo('#reset');
    await page.keyboard.press('Enter');
    expect(await page.locator('#shown').textContent()).toBe('2,000 databases, all shown');
    expect(new URL(page.url()).hash).toBe('');
  });

  test('a verdict on the first screen filters for it', async () => {
    await open(large);
    await page.locator('.counts a', { hasText: 'excluded' }).press('Enter');
    await expect.poll(() => page.locator('#shown').textContent()).toBe('20 of 2,000 databases shown');
    expect(await page.locator('input[value="excluded"]').isChecked()).toBe(true);
    await page.goBack();
    await expect.poll(() => page.locator('#shown').textContent()).toBe('2,000 databases, all shown');
  });

  test('2,000 databases are shown a page at a time, by keyboard', async () => {
    await open(large);
    const range = page.locator('[data-range="calendar"]');
    expect(await range.textContent()).toBe('1–25 of 2,000 databases');
    const before = await calendarNames();
    await tabTo('[data-next="calendar"]');
    await page.keyboard.press('Enter');
    expect(await range.textContent()).toBe('26–50 of 2,000 databases');
    expect(await calendarNames()).not.toEqual(before);
    await tabTo('[data-next="ages"]');
    expect(await page.locator('[data-range="ages"]').textContent()).toBe('1–25 of 2,000 databases');
  });

  test('arrow keys move in the calendar, and each cell is said in words', async () => {
    await open(small);
    await tabTo('#calendar td');
    expect(await page.locator('#cell').textContent()).toMatch(
      /Mon 2026-11-23 delta-orders of delta:\s+missing\. RDS skipped its snapshot/,
    );
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowDown');
    expect(await page.locator('#cell').textContent()).toMatch(/Sun 2026-11-22 acme-orders of acme:\s+in time/);
    await page.keyboard.press('Control+Home');
    expect(await page.locator('#cell').textContent()).toContain('2026-10-20 delta-orders');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowLeft');
    expect(await page.locator('#cell').textContent()).toContain('2026-10-20 delta-orders');
    expect(await page.locator('#calendar [tabindex="0"]').count()).toBe(1);
  });

  test('the calendar is a table to a screen reader', async () => {
    await open(small);
    const grid = page.getByRole('grid', { name: 'Backup calendar' });
    expect(await grid.getByRole('columnheader', { name: 'Mon 2026-11-23' }).count()).toBe(1);
    expect(await grid.getByRole('rowheader', { name: /^delta-orders delta ?, overdue$/ }).count()).toBe(1);
    expect(await grid.getByRole('gridcell', { name: /^missing/ }).count()).toBe(1);
    expect(await page.getByRole('main').count()).toBe(1);
    expect(await page.getByRole('search', { name: 'Filter databases' }).count()).toBe(1);
  });

  test('signs tell the marks apart without their colours', async () => {
    const facts = givenFacts({
      databases: 1,
      days: 7,
      troubleEvery: 0,
      change: (database) => ({ ...database, days: 'tlmnu.t' }),
    });
    await open(facts);
    const signs = await page.evaluate<string[]>(
      `[...document.querySelectorAll('#calendar tbody td')].map((cell) => {
        const sign = getComputedStyle(cell, '::before');
        return sign.content + sign.borderBottomWidth;
      })`,
    );
    expect(new Set(signs.slice(0, 6)).size).toBe(6);
  });

  test('dark follows the system, can be turned, and stays turned', async () => {
    await open(small, { dark: true });
    const dark = await background();
    const button = page.getByRole('button', { name: 'Dark' });
    expect(await button.getAttribute('aria-pressed')).toBe('true');
    await button.press('Enter');
    const light = await background();
    expect(light).not.toBe(dark);
    await page.reload();
    expect(await background()).toBe(light);
    await button.press('Enter');
    expect(await background()).toBe(dark);
    await page.evaluate('localStorage.clear()');
  });

  test('print shows every database that is filtered for, in light colours, without controls', async () => {
    await open(large, { dark: true, hash: '#verdict=due' });
    expect(await page.locator('#calendar tbody tr').count()).toBe(25);
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => page.locator('#calendar tbody tr').count()).toBe(37);
    expect(await background()).toBe('rgb(255, 255, 255)');
    expect(await page.locator('#filter').isVisible()).toBe(false);
    expect(await page.locator('[data-next="calendar"]').isVisible()).toBe(false);
    await page.emulateMedia({ media: 'screen' });
    await expect.poll(() => page.locator('#calendar tbody tr').count()).toBe(25);
  });

  test('print of a large fleet stops at its worst databases, and says so', async () => {
    await open(large);
    await page.emulateMedia({ media: 'print' });
    await expect.poll(() => page.locator('#ages tbody tr').count()).toBe(250);
    expect(await page.locator('[data-range="ages"]').textContent()).toBe('1–250 of 2,000 databases');
  });

  test('without a script the answer and the first databases are there', async () => {
    await open(large, { html: (whole) => whole.replace(/<script>[\s\S]*?<\/script>/, '') });
    expect(await page.locator('h1').textContent()).toBe('40 of 2,000 databases are not protected.');
    expect(await page.locator('#calendar tbody tr').count()).toBe(25);
    expect(await page.locator('#ages tbody tr').count()).toBe(25);
  });

  test.each([
    { facts: small, databases: 'five databases', width: 360, dark: false },
    { facts: small, databases: 'five databases', width: 1280, dark: true },
    { facts: large, databases: '2,000 databases', width: 360, dark: true },
    { facts: large, databases: '2,000 databases', width: 768, dark: true },
    { facts: large, databases: '2,000 databases', width: 1280, dark: false },
  ])(
    'with $databases, $width pixels wide, dark: $dark, nothing hinders access or runs out of the page',
    async (look) => {
      await open(look.facts, look);
      const beyond = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect(beyond).toBe(0);
      for (const chart of await page.locator('.draw').all()) {
        if (await chart.isVisible()) expect((await chart.boundingBox())?.width).toBeGreaterThan(200);
      }
      await page.locator('details').evaluateAll('(all) => all.forEach((one) => { one.open = true; })');
      expect(await axeViolations()).toEqual([]);
    },
  );

  /** Rules of axe-core (WCAG 2.2 A and AA, and good practice) that the page breaks, with the elements. */
  async function axeViolations(): Promise<string[]> {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    await page.evaluate(axe);
    const { violations } = await page.evaluate<{ violations: { id: string; nodes: { html: string }[] }[] }>(
      'axe.run()',
    );
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }
});
