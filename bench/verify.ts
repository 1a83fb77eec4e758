/**
 * What verifying a large export takes: time, and the memory of a process that does nothing else, with the list of tables read
 * as it comes, and beside it as one string. Each figure is of a process of its own.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { verification } from '../shared/copies/index.ts';

const readers = ['as it comes', 'as one string'] as const;

export interface VerifyResult {
  readonly tables: number;
  readonly list: (typeof readers)[number];
  readonly listMB: number;
  /** Tables that were found skipped: every tenth. */
  readonly skipped: number;
  readonly seconds: number;
  /** Of the whole process at its peak, Node and the SDK included; the function has 512. */
  readonly peakMB: number;
}

export async function verifyBenchmark(): Promise<VerifyResult[]> {
  const results: VerifyResult[] = [];
  for (const tables of [0, 100_000, 1_000_000]) {
    for (const list of readers) {
      const child = fork(import.meta.filename, [String(tables), list]);
      const [result] = await once(child, 'message');
      results.push(result as VerifyResult);
    }
  }
  return results;
}

async function measured(tables: number, list: VerifyResult['list']): Promise<VerifyResult> {
  const s3 = exportOf(tables);
  const started = performance.now();
  const skipped = await (list === 'as it comes' ? streamed(s3) : asOneString(s3));
  return {
    tables,
    list,
    listMB: Math.round([...listOf(tables)].reduce((sum, { length }) => sum + length, 0) / 1e6),
    skipped,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    peakMB: Math.round(process.resourceUsage().maxRSS / 1e3),
  };
}

const place = { bucket: 'b', folder: 't/' };

async function streamed(s3: S3Client): Promise<number> {
  const { contentsOf } = await verification();
  return (await contentsOf(s3, place)).skipped.count;
}

async function asOneString(s3: S3Client): Promise<number> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: place.bucket, Key: 'list' }));
  const chunks: Uint8Array[] = [];
  for await (const chunk of Body as Readable) chunks.push(chunk);
  const { perTableStatus } = JSON.parse(Buffer.concat(chunks).toString()) as { perTableStatus: { status: string }[] };
  return perTableStatus.filter(({ status }) => status !== 'COMPLETE').length;
}

/** S3 with an export: three objects a table, and one list of them all. */
function exportOf(tables: number): S3Client {
  const s3 = new S3Client({ region: 'eu-west-1' });
  const send = async (command: { readonly input: { readonly ContinuationToken?: string } }) => {
    if (command instanceof GetObjectCommand) return { Body: Readable.from(listOf(tables)) };
    const page = Number(command.input.ContinuationToken ?? 0);
    const left = tables * 3 - page * 1_000;
    const parts = Array.from({ length: Math.max(0, Math.min(1_000, left)) }, (_, n) => ({
      Key: `t/shop/shop.table_${page * 1_000 + n}/1/part-0.gz.parquet`,
      Size: 1_000,
    }));
    if (left > 1_000) return { Contents: parts, IsTruncated: true, NextContinuationToken: String(page + 1) };
    return { Contents: [...parts, { Key: `t/export_tables_info_t_from_1_to_${tables}.json`, Size: 1 }] };
  };
  s3.send = send as S3Client['send'];
  return s3;
}

/** As RDS writes it, in the pieces in which the network brings it. */
function* listOf(tables: number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  yield encoder.encode('{"perTableStatus":[');
  for (let from = 0; from < tables; from += 200) {
    const some = Array.from({ length: Math.min(200, tables - from) }, (_, n) => JSON.stringify(table(from + n)));
    yield encoder.encode(`${from === 0 ? '' : ','}${some.join(',')}`);
  }
  yield encoder.encode(']}');
}

function table(n: number): object {
  const stats = {
    exportStartTime: '2026-11-20T12:00:00.000Z',
    exportEndTime: '2026-11-20T12:30:00.000Z',
    sizeGB: 0.123456,
    rows: 123_456,
  };
  if (n % 10 > 0) return { TableStatistics: stats, target: `shop.public.table_${n}`, status: 'COMPLETE' };
  const failureReason = 'PERMISSION: the master user may not read the table. '.repeat(4);
  return { TableStatistics: stats, target: `shop.public.table_${n}`, status: 'SKIPPED', failureReason };
}

if (process.argv[1] === import.meta.filename) {
  const [, , tables, list] = process.argv;
  process.send?.(await measured(Number(tables), readers.find((one) => one === list) ?? 'as it comes'));
}
