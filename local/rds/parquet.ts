import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';

/** One table of a simulated database, by its full name in the exported tree: `public.orders`, or `shop.orders`. */
export interface ExportTable {
  /** The database in the engine that it is in; the first of the instance or cluster unless given. */
  readonly database?: string;
  readonly name: string;
  readonly rows: number;
}

/** A real, small Parquet file with gzip pages, as RDS writes them; its rows are made up, its count is the table's. */
export function tableAsParquet(table: ExportTable, exportedAt: Date): Uint8Array {
  const ids = Array.from({ length: table.rows }, (_, index) => index + 1);
  const buffer = parquetWriteBuffer({
    columnData: [
      { name: 'id', data: ids, type: 'INT32' },
      { name: 'name', data: ids.map((id) => `${table.name} ${id}`), type: 'STRING' },
      { name: 'updated_at', data: ids.map(() => exportedAt), type: 'TIMESTAMP' },
    ],
    codec: 'GZIP',
    compressors: { GZIP: (input: Uint8Array) => gzipSync(input) },
  });
  return new Uint8Array(buffer);
}
