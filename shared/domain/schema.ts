/**
 * How a row is described once: a zod schema gives its type, its codec (times as ISO 8601 in UTC, everything else as it is),
 * its JSON and the meaning of each field of that JSON.
 *
 * Versions live together: a row may come from a later version of this code. Fields that this version does not know survive
 * a read and write, and a word that it does not know is kept as its text.
 */
import * as z from 'zod';

/** A moment, stored as ISO 8601 in UTC. */
export const time = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

export const text = z.string();
export const count = z.number().int().min(0);
export const number = z.number();
export const flag = z.boolean();

declare const unrecognized: unique symbol;

/** A word of a later version, as its text: it is shown as it is, evaluation replaces it, copying leaves it alone. */
export type Unrecognized = string & { readonly [unrecognized]: true };

/** One of these words; another one is that of a later version, and is read as `Unrecognized`. */
export function word<Word extends string>() {
  return text as unknown as z.ZodType<Word | Unrecognized, string>;
}

/**
 * One of these words, where code only compares it or shows it: one of a later version is then simply another. What a table
 * is looked up by is a `word`.
 */
export function kindOf<Word extends string>() {
  return text as unknown as z.ZodType<Word, string>;
}

/** Whether a word is one of these, and not that of a later version. */
export function isOneOf<Word extends string>(words: readonly Word[], value: string): value is Word {
  return (words as readonly string[]).includes(value);
}

/** An object whose unknown fields survive a read and write. */
export function fields<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strip> {
  return z.looseObject(shape) as unknown as z.ZodObject<Shape, z.core.$strip>;
}

/** The type of a schema's values, read-only to its depth. */
export type Of<Schema extends z.ZodType> = Frozen<z.output<Schema>>;

type Frozen<T> = T extends Date | Unrecognized
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Frozen<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Frozen<T[Key]> }
      : T;

/** What of a value its schema does not know: fields of a later version, which whoever builds the value anew carries over. */
export function laterFields<T extends object>(schema: z.ZodObject, value: T | undefined): Partial<T> {
  const later = Object.entries(value ?? {}).filter(([name]) => !Object.hasOwn(schema.shape, name));
  return Object.fromEntries(later) as Partial<T>;
}

// JSON ----------------------------------------------------------------------------------------------------------------

/** What is JSON already, and stays as it is: the facts of a cause. */
interface Plain {
  readonly code: string;
  readonly facts: object;
}

/** A value as plain JSON: times are ISO 8601 UTC, and what does not apply is null, never left out. */
export type Json<T> = T extends Date
  ? string
  : T extends Unrecognized | Plain
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Json<Item>[]
      : T extends object
        ? { readonly [Key in keyof T]-?: JsonField<T, Key> }
        : T;

type JsonField<T, Key extends keyof T> = undefined extends T[Key]
  ? Json<Exclude<T[Key], undefined>> | null
  : object extends Pick<T, Key>
    ? Json<T[Key]> | null
    : Json<T[Key]>;

/** Names of fields that JSON calls otherwise. */
export type Renames = Readonly<Record<string, string>>;

export type Renamed<T, Names extends Renames> = {
  readonly [Key in keyof T as Key extends keyof Names ? Names[Key] : Key]: T[Key];
};

/** The JSON of a value, with the fields of its schema in their order; what a later version added is not shown. */
export function toJson<Schema extends z.ZodObject, const Names extends Renames = Record<never, never>>(
  schema: Schema,
  value: Of<Schema>,
  names?: Names,
): Renamed<Json<Of<Schema>>, Names> {
  const encoded = z.encode(schema, value as z.output<Schema>) as Record<string, unknown>;
  return shown(schema, encoded, names ?? {}) as Renamed<Json<Of<Schema>>, Names>;
}

function shown(schema: z.ZodObject, value: Record<string, unknown>, names: Renames): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([name, field]) => [names[name] ?? name, plain(field as z.ZodType, value[name])]),
  );
}

function plain(field: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const inner = unwrapped(field);
  if (inner instanceof z.ZodObject) return shown(inner, value as Record<string, unknown>, {});
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => plain(inner.element as z.ZodType, item));
  }
  return value;
}

/** What a field holds: without what says that it may be absent, null or is read only. */
function unwrapped(field: z.ZodType): z.ZodType {
  const inner = innerOf(field);
  return inner === undefined ? field : unwrapped(inner);
}

function innerOf(field: z.ZodType): z.ZodType | undefined {
  const wraps =
    field instanceof z.ZodOptional ||
    field instanceof z.ZodExactOptional ||
    field instanceof z.ZodNullable ||
    field instanceof z.ZodReadonly;
  return wraps ? (field.unwrap() as z.ZodType) : undefined;
}

/** The meaning of each field of a schema's JSON, by its name there. Throws where a field has none. */
export function meaningsOf(schema: z.ZodObject, names: Renames = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(schema.shape).map(([name, field]) => [names[name] ?? name, meaningOf(name, field as z.ZodType)]),
  );
}

/** As `meaningsOf`, with the fields of objects within by their paths: `copy.state`, `notified[].at`. */
export function allMeaningsOf(schema: z.ZodObject, names: Renames = {}): Record<string, string> {
  const entries = Object.entries(schema.shape).flatMap(([field, type]): [string, string][] => {
    const name = names[field] ?? field;
    const whole = unwrapped(type as z.ZodType);
    const [inner, path] =
      whole instanceof z.ZodArray ? [unwrapped(whole.element as z.ZodType), `${name}[]`] : [whole, name];
    const within = inner instanceof z.ZodObject && isDescribed(inner) ? Object.entries(allMeaningsOf(inner)) : [];
    return [
      [name, meaningOf(name, type as z.ZodType)],
      ...within.map(([field, meaning]): [string, string] => [`${path}.${field}`, meaning]),
    ];
  });
  return Object.fromEntries(entries);
}

/** An object whose fields need no words of their own (`code` and `facts`) is described as a whole. */
function isDescribed(schema: z.ZodObject): boolean {
  return Object.values(schema.shape).every((field) => descriptionOf(field as z.ZodType) !== undefined);
}

function meaningOf(name: string, field: z.ZodType): string {
  const meaning = descriptionOf(field);
  if (meaning === undefined) throw new Error(`field ${name} has no description`);
  const optional =
    field instanceof z.ZodOptional || field instanceof z.ZodExactOptional || field instanceof z.ZodNullable;
  return optional && !/\bnull\b/.test(meaning) ? `${meaning}, or null` : meaning;
}

function descriptionOf(field: z.ZodType | undefined): string | undefined {
  return field && (field.description ?? descriptionOf(innerOf(field)));
}
