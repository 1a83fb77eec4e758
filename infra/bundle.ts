import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync, type Metafile } from 'esbuild';
import type { FunctionName } from '../shared/contract.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles a file of `handlers/` with its own SDK, as `index.mjs` in a folder, and returns what went where. What is imported
 * dynamically becomes files beside it, so that a cold start compiles nothing that only some calls need: `NodejsFunction` makes a
 * single file, of which V8 takes some 100 ms a megabyte.
 */
export function bundle(handler: FunctionName, folder: string): Metafile {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: { index: `handlers/${handler}.ts` },
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    // The oldest runtime that may be chosen (`functions.ts`).
    target: 'node22',
    mainFields: ['module', 'main'],
    alias: { 'node:http': join(root, 'infra/node-http.cjs') },
    minify: true,
    sourcemap: true,
    // A stack trace needs names and lines, not the text.
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}
