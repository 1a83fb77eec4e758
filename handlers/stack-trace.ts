import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Gives the stacks of an error and its causes the places in the sources, for bundled files with a source map beside them. Node does it itself with
 * `--enable-source-maps`, but then reads all maps when the files are loaded, in every cold start.
 */
export function mapStack(error: unknown): void {
  if (!(error instanceof Error) || error.stack === undefined) return;
  const maps = new Map<string, SourceMap | undefined>();
  error.stack = error.stack.replaceAll(
    /(file:\/\/[^\s()]+\.mjs):(\d+):(\d+)/g,
    (place, url: string, line: string, column: string) => {
      if (!maps.has(url)) maps.set(url, readMap(url));
      const origin = maps.get(url)?.findOrigin(Number(line), Number(column));
      return origin && 'fileName' in origin ? `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}` : place;
    },
  );
  mapStack(error.cause);
}

function readMap(url: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(url)}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    // The stack is worth more with the places in the bundle than an error about its map.
    return undefined;
  }
}
