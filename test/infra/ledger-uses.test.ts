import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { ledgerUses } from '../../infra/ledger-uses.ts';
import { ledgerCalls } from '../../shared/ledger/dynamo.ts';

/** A handler's own code with all that it can reach, and nothing that it cannot. */
async function codeOf(handler: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../handlers/${handler}.ts`, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('');
}

describe('the methods of the ledger that a function has the rights for', () => {
  it.each(Object.entries(ledgerUses))('are those that it calls: %s', async (handler, uses) => {
    const code = await codeOf(handler);
    const called = Object.keys(ledgerCalls).filter((method) => new RegExp(`[lL]edger\\d*\\.${method}\\(`).test(code));
    expect(called.sort()).toEqual([...uses].sort());
  });
});
