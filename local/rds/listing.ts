import type { Filter } from '@aws-sdk/client-rds';
import { invalidParameterCombination, invalidParameterValue } from './faults.ts';
import type { Shelf } from './shelf.ts';

/** What every listing of RDS takes: a page size of 20 to 100 (default 100), a marker, filters. */
export interface ListingInput {
  MaxRecords?: number | undefined;
  Marker?: string | undefined;
  Filters?: Filter[] | undefined;
}

/** The filters of one listing: for each name, the values of a row of which one must be asked for. */
export type Filterable<T> = Record<string, (row: T) => readonly (string | undefined)[]>;

/** 1 for the first page of a listing, and so on. */
export function pageNumber(input: { Marker?: unknown }): number {
  return input.Marker === undefined ? 1 : readMarker(String(input.Marker)).page;
}

export function pageOf<T extends object>(
  shelf: Shelf<T>,
  input: ListingInput,
  matches: (row: T) => boolean,
): { rows: T[]; Marker: string | undefined } {
  const size = pageSize(input);
  const { page, after } = input.Marker === undefined ? { page: 1, after: '' } : readMarker(input.Marker);
  const { rows, more } = shelf.page(matches, size, after);
  return { rows, Marker: more === undefined ? undefined : writeMarker(page + 1, more) };
}

export function pageSize({ MaxRecords = 100 }: ListingInput): number {
  if (!Number.isInteger(MaxRecords) || MaxRecords < 20 || MaxRecords > 100) {
    throw invalidParameterValue(`Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`);
  }
  return MaxRecords;
}

export function writeMarker(page: number, after: string): string {
  return Buffer.from(`${page}/${after}`).toString('base64url');
}

export function readMarker(marker: string): { page: number; after: string } {
  const [, page, after = ''] = /^(\d+)\/(.+)$/.exec(Buffer.from(marker, 'base64url').toString()) ?? [];
  if (page === undefined) throw invalidParameterValue(`Invalid marker ${marker}`);
  return { page: Number(page), after };
}

/** All filters must hold; the values of one filter are alternatives. */
export function matchFilters<T>(filters: Filter[] | undefined, known: Filterable<T>): (row: T) => boolean {
  const tests = (filters ?? []).map(({ Name = '', Values = [] }) => {
    const valuesOf = Object.hasOwn(known, Name) ? known[Name] : undefined;
    if (valuesOf === undefined) throw invalidParameterValue(`Unrecognized filter name: ${Name}`);
    if (Values.length === 0) throw invalidParameterCombination(`No values were given for filter ${Name}`);
    const wanted = new Set(Values);
    return (row: T) => valuesOf(row).some((value) => value !== undefined && wanted.has(value));
  });
  return (row) => tests.every((test) => test(row));
}
