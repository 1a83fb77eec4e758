/** A Chromium that asks nobody for anything, with an empty profile that goes with it. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

const known = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The executable that `CHROMIUM_PATH` names, else the first known one that is there. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  return named === undefined || named === '' ? known.find(existsSync) : named;
}

export const chromiumMissing =
  'Chromium is missing: install it (on Debian: apt-get install chromium), or name it in CHROMIUM_PATH.';

export interface Browser extends AsyncDisposable {
  readonly context: BrowserContext;
}

export async function openChromium(executablePath: string): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'report-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });
  return {
    context,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
