/** Hostile text at two lengths: what is linear takes about four times as long for four times as much, what is quadratic 16 times. */
import { maxBy } from 'es-toolkit/array';
import { channels, type MessageFacts } from '../shared/channels/index.ts';
import { parseConfig } from '../shared/config/index.ts';
import { exportFailure, verification } from '../shared/copies/index.ts';
import { asciiLine, gsm7Line, oneLine, printable, printableJson, unlinked } from '../shared/lib/safe-text.ts';
import { copySentenceOf } from '../shared/reasons/index.ts';

// Below a megabyte, how the engine keeps its memory counts for more than the length.
const lengths = [1_000_000, 4_000_000] as const;

/** What a parser or a pattern may stumble over, again and again. */
const pieces = [
  '\u001b[2J',
  ' ',
  '. ',
  'x',
  'www.',
  'http://',
  'bucket ',
  ':a:',
  '_',
  'a.',
  '\\"',
  '[',
  '{"a":',
  'perform: ',
  'arn:aws:kms:',
  'error code: ',
];

const setup = { bucket: 'b', roleArn: 'r', keyArn: 'k', region: 'eu-west-1' };
const where = { account: '123456789012', region: 'eu-west-1' };
const now = new Date('2026-11-23T06:00:00Z');

const { shortcomings, warningsIn } = await verification();

const readers: Readonly<Record<string, (text: string) => unknown>> = {
  oneLine: (text) => oneLine(text, 700),
  asciiLine: (text) => asciiLine(text, 99),
  gsm7Line: (text) => gsm7Line(text, 160),
  printable,
  printableJson,
  unlinked,
  'a chat message': (text) => channels.chat.render(factsOf(text)),
  'a failure of RDS': (text) => exportFailure(text, setup),
  'warnings of RDS': (text) =>
    shortcomings(
      warningsIn(
        JSON.stringify({
          skippedTables: Array.from({ length: text.length / 50 }, (_, n) => ({
            tableName: `${n}${text.slice(0, 20)}`,
          })),
          general: [text],
        }),
      ),
    ),
  'a sentence': (text) =>
    copySentenceOf({ code: 'export-failed', facts: { said: text } }, { now, audience: 'operators' }),
  'a configuration': (text) => parsed(JSON.stringify({ tenants: [{ id: text, databases: [] }], [text]: 1 })),
  'a broken configuration': (text) => parsed(`{"a":"${text}`),
  'no configuration': (text) => parsed(text),
};

function parsed(text: string): string {
  try {
    parseConfig(text, where);
    return 'valid';
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigError') return error.message;
    throw error;
  }
}

function factsOf(text: string): MessageFacts {
  const rest = {
    severity: 'critical',
    tone: 'alarm',
    account: '',
    region: '',
    opening: [],
    overview: [],
    sections: [],
  } as const;
  const lists = { entries: [{ line: [text], data: {} }], nextSteps: [], links: [], count: 1 };
  const data = { entries: 'databases', more: {} } as const;
  return {
    kind: 'digest',
    audience: 'operators',
    tenant: '*',
    at: now,
    ledger: { account: '', region: '' },
    summary: text,
    subject: '',
    brief: { names: [] },
    thread: '',
    data,
    ...rest,
    ...lists,
  };
}

/** Per reader the times of the slowest piece, and how many times as long the longer text takes. */
export async function textBenchmark(): Promise<readonly object[]> {
  return Object.entries(readers).map(([reader, read]) => {
    const measured = pieces.map((piece) => ({
      piece,
      ms: lengths.map((length) => fastest(read, piece.repeat(Math.ceil(length / piece.length)))),
    }));
    const slowest = maxBy(measured, ({ ms }) => ms.at(-1) ?? 0);
    const [short = 0, long = 0] = slowest?.ms ?? [];
    const times = Math.round((long / Math.max(short, 1)) * 10) / 10;
    return { reader, slowest: JSON.stringify(slowest?.piece), '1 MB ms': short, '4 MB ms': long, times };
  });
}

/** Of two, since others use the machine. */
function fastest(read: (text: string) => unknown, text: string): number {
  const taken = [1, 2].map(() => {
    const started = performance.now();
    read(text);
    return performance.now() - started;
  });
  return Math.round(Math.min(...taken) * 10) / 10;
}
