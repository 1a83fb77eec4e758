import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { allMeaningsOf, listVerdicts, ownerText } from '../../shared/domain/index.ts';
import { dateAfter, dateOf } from '../../shared/lib/dates.ts';
import { filter, first } from '../../shared/lib/iterables.ts';
import { type EvidenceRow, readEvidence } from '../../shared/read-model/index.ts';
import { type Answer, answer, command } from '../command.ts';
import {
  csvOf,
  type EvidenceHead,
  EvidenceSums,
  type EvidenceTail,
  evidenceFileSchema,
  jsonOf,
} from '../evidence-file.ts';
import { fileErrorText } from '../files.ts';
import { requireTenant } from '../find.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import { plural, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';
import { placeOptions } from './options.ts';

export const evidence = command({
  details: `It comes from the evaluations that sweeps wrote on each day, and from the alerts of the time: changing the configuration later does not change it. "in time": a backup was there by the deadline; "late": the deadline was broken, and a backup came on the same day; "missing": none came on that day; "unknown": RDS did not respond, or no sweep ran; "no promise": ${listVerdicts('no promise')}. Attainment is the share of "in time" among all days but those without a promise, cut to two decimals.`,
  options: [
    { flags: '--from <date>', description: 'first UTC day (2026-11-01), or how long ago (30d) (default: 30 days ago)' },
    { flags: '--to <date>', description: 'last UTC day, included (default: yesterday, since today is not over)' },
    { flags: '--tenant <id>', description: 'only of this tenant' },
    ...placeOptions,
    { flags: '--out <file>', description: 'write it to a file, CSV or JSON by its extension, and print its SHA-256' },
    { flags: '--csv', description: 'write CSV to the standard output' },
  ],
  examples: [
    'evidence --from 2026-10-01 --to 2026-10-31 --out october.csv',
    'evidence --tenant acme --from 365d --out acme.json',
    'evidence --from 7d --json',
  ],
  json: {
    is: 'object',
    fields: {
      ...allMeaningsOf(evidenceFileSchema),
      '(with --out)': '`file` and `sha256` in the place of `days`',
    },
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const { ledger, table, account, region } = deployed;
    const now = deps.now();
    const today = dateOf(now);
    const tenant = args.optional('tenant');
    const span = {
      from: args.date('from') ?? dateAfter(today, -30),
      to: args.date('to') ?? dateAfter(today, -1),
      ...(tenant !== undefined && { tenant }),
    };
    if (span.from > span.to) throw new UserError(`--from must not be after --to, got ${span.from} and ${span.to}.`);
    if (tenant !== undefined && (await first(ledger.daysOfTenant(tenant, span.from, span.to))) === undefined) {
      await requireTenant(ledger, tenant, deps.now());
    }
    const places = await fleetPlacesOf(deps, deployed, args);
    const { filter: asked } = places;
    const { stack } = await (await deps.cloud()).deployment();
    const head: EvidenceHead = {
      ledger: table,
      stack,
      account,
      region,
      queriedAt: now.toISOString(),
      from: span.from,
      to: span.to,
      tenant: tenant ?? null,
      onlyAccount: asked.account ?? null,
      onlyRegion: asked.region ?? null,
    };
    const rows = filter(readEvidence(ledger, span, now), (row) => places.includes(row));
    const file = args.optional('out');
    if (file !== undefined) return writtenTo(file, head, rows);
    if (args.flag('csv')) return inFull(csvOf(head, rows), deps.note);
    return {
      json: () => hashed(jsonOf(head, rows), deps.note),
      print: (screen) => summary(screen, head, rows, places),
    };
  },
});

/** Everything on the standard output, and its hash beside it. */
function inFull(text: AsyncIterable<string>, note: (text: string) => void): Answer {
  const all = () => hashed(text, note);
  return {
    json: all,
    print: async (screen) => {
      for await (const part of all()) await screen.raw(part);
    },
  };
}

async function* hashed(text: AsyncIterable<string>, note: (text: string) => void): AsyncIterable<string> {
  const hash = createHash('sha256');
  for await (const part of text) {
    hash.update(part);
    yield part;
  }
  note(`SHA-256 ${hash.digest('hex')}\n`);
}

async function writtenTo(file: string, head: EvidenceHead, rows: AsyncIterable<EvidenceRow>): Promise<Answer> {
  const format = /\.(csv|json)$/i.exec(file)?.[1]?.toLowerCase();
  if (format === undefined) throw new UserError(`--out must end with .csv or .json, got "${file}".`);
  const sums = new EvidenceSums();
  const counted = sums.counting(rows);
  const stream = createWriteStream(file);
  const ended = finished(stream);
  let sha256 = '';
  const note = (text: string) => {
    sha256 = text.trim().replace('SHA-256 ', '');
  };
  try {
    for await (const part of hashed(format === 'csv' ? csvOf(head, counted) : jsonOf(head, counted), note)) {
      if (!stream.write(part)) await Promise.race([once(stream, 'drain'), ended]);
    }
    stream.end();
    await ended;
  } catch (error) {
    throw new UserError(`"${file}" cannot be written: ${fileErrorText(error)}.`);
  }
  const facts = { ...head, ...sums.tail, file, sha256 };
  return answer(facts, (screen) => {
    printSums(screen, head, facts);
    screen.line();
    screen.line(`${sha256}  ${file}`);
    screen.line(screen.colours.dim('That is its SHA-256; "sha256sum -c" reads this line.'));
  });
}

/** Gaps listed on the screen; the file has them all. */
const gapsShown = 30;

/** Days in a row on which one database was in the same state. */
interface Gap {
  readonly last: EvidenceRow;
  readonly from: string;
  readonly days: number;
}

async function summary(
  screen: Screen,
  head: EvidenceHead,
  rows: AsyncIterable<EvidenceRow>,
  places: FleetPlaces,
): Promise<void> {
  const sums = new EvidenceSums();
  const gaps = await gapsOf(sums.counting(rows));
  printSums(screen, head, sums.tail);
  if (gaps.length === 0) return;
  const shown = gaps.slice(0, gapsShown);
  screen.heading(
    gaps.length > shown.length ? `The last ${shown.length} of ${gaps.length} gaps` : plural(gaps.length, 'gap'),
  );
  for (const { last, from, days } of shown) {
    const when = days === 1 ? last.date : `${from} to ${last.date}, ${days} days`;
    const state = screen.bySeverity(last.state, last.state === 'late' ? 'warning' : 'critical');
    screen.line(
      `${state}  ${ownerText(last.tenant)} / ${screen.colours.bold(last.database)}${places.beside(last)}  ${when}`,
      '  ',
    );
    screen.line(screen.colours.dim(last.reason ?? ''), '    ');
    if (last.alert) {
      const { opened, resolved, notified } = last.alert;
      const until = resolved ? `until ${screen.time(resolved)}` : 'still open';
      screen.line(
        screen.colours.dim(
          `Alert since ${screen.time(opened)} ${screen.timeZone}, ${until}, ${plural(notified, 'message')}.`,
        ),
        '    ',
      );
    }
  }
}

/** Newest first. */
async function gapsOf(rows: AsyncIterable<EvidenceRow>): Promise<Gap[]> {
  const ended: Gap[] = [];
  const open = new Map<string, Gap>();
  for await (const row of rows) {
    const line = `${row.tenant}\n${row.key}`;
    const gap = open.get(line);
    const isGap = row.state !== 'in time' && row.state !== 'no promise';
    if (gap && isGap && gap.last.state === row.state) {
      open.set(line, { ...gap, last: row, days: gap.days + 1 });
      continue;
    }
    if (gap) ended.push(gap);
    if (isGap) open.set(line, { last: row, from: row.date, days: 1 });
    else open.delete(line);
  }
  return [...ended, ...open.values()].sort((a, b) => (a.last.date < b.last.date ? 1 : -1));
}

function printSums(screen: Screen, head: EvidenceHead, { totals, tenants, sharedDatabases }: EvidenceTail): void {
  screen.line(screen.colours.bold(`Backups within the promised time, ${head.from} to ${head.to} (UTC days)`));
  screen.line(
    screen.colours.dim(`From the ledger ${head.ledger} in ${head.account}/${head.region}, read ${head.queriedAt}.`),
  );
  screen.line();
  const cells = (name: string, sum: EvidenceTail['totals']) => [
    name,
    sum.attainment === null ? '–' : `${sum.attainment.toFixed(2)} %`,
    ...[sum.inTime, sum.late, sum.missing, sum.unknown, sum.noPromise].map(String),
  ];
  screen.table(
    [
      { title: 'TENANT' },
      ...['ATTAINMENT', 'IN TIME', 'LATE', 'MISSING', 'UNKNOWN', 'NO PROMISE'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    [
      ...tenants.map(({ tenant, ...sum }) => cells(tenant, sum)),
      cells('all', totals),
      ...sharedDatabases.map(({ tenant, ...sum }) => cells(tenant, sum)),
    ],
  );
}
