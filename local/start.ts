/** `npm start`: the whole product on this machine, from an empty AWS to alerts as people read them. */
import { parseArgs } from 'node:util';
import { play } from './story.ts';
import { say } from './terminal.ts';

const usage = `npm start -- [--once] [--port <number>]
  --once   end when the story is told; exit code 0 only if everything happened as expected
  --port   the port of the local AWS (default: a free one)`;

try {
  const { once, port } = readArguments();
  process.exitCode = await play({ once, ...(port !== undefined && { port }) });
} catch (error) {
  say.trouble(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

function readArguments(): { once: boolean; port?: number } {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, port: { type: 'string' } } });
  if (values.port === undefined) return { once: values.once };
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1024 || port > 65_535) {
    throw new Error(`--port must be a whole number from 1024 to 65535, got ${values.port}\n\n${usage}`);
  }
  return { once: values.once, port };
}
