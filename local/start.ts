/** `npm start`: the whole product on this machine, from an empty AWS to alerts as people read them. */
import { parseArgs } from 'node:util';
import { play } from './story.ts';
import { say } from './terminal.ts';

const usage = `npm start -- [--once] [--port <number>]
  --once   end with the story; exit code 0 only if everything happened as expected
  --port   the port of the local AWS (default: a free one)`;

// The SDK's advice on Node versions is for whoever develops this, not for whoever tries it.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const interrupt = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort());

// Whatever a story that was broken off still waits for, everything it started is ended by now.
process.exit(await run());

async function run(): Promise<number> {
  try {
    const { once, port } = readArguments();
    return await play({ once, signal: interrupt.signal, ...(port !== undefined && { port }) });
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    say.trouble(error instanceof Error ? error.message : String(error));
    return 1;
  }
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
