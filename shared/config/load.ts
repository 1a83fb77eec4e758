/** From the configuration's text to the fleet, or to all that is wrong with it in one message. */
import { createHash } from 'node:crypto';
import { parse as parseTolerantly } from '@humanwhocodes/momoa';
import { closestMatch } from 'leven';
import * as z from 'zod';
import { oneLine, printable } from '../lib/safe-text.ts';
import { fileSchema, readLeniently } from './file-schema.ts';
import type { Fleet } from './fleet.ts';
import type { Where } from './names.ts';
import { type Problem, pathText } from './problems.ts';
import { resolve } from './resolve.ts';

/** All mistakes of a configuration: a line each, with path, what is wrong and what to do. Values of URLs are not shown in full. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The mistakes in the order of the file's tenants, each as `<path>: <what is wrong>`. */
  readonly mistakes: readonly string[];

  constructor(file: string, mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`;
    super(`${file} has ${count}:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
    this.mistakes = mistakes;
  }
}

/**
 * The fleet of a configuration's text, for the stack's account and Region.
 * @param where `name` is what messages call the file; `configuration` unless given.
 * @throws {ConfigError} with all mistakes at once.
 */
export function parseConfig(text: string, where: Where & { readonly name?: string }): Fleet {
  const name = where.name ?? 'configuration';
  const raw = parseJson(text, name);
  const result = fileSchema.safeParse(raw, { reportInput: true });
  if (!isObject(raw) && !result.success) throw new ConfigError(name, ['must be a JSON object, e.g. { "tenants": [] }']);
  const { fleet, problems } = resolve(result.success ? result.data : readLeniently(raw), where);
  const all = [...(result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue))), ...problems];
  if (all.length > 0) throw new ConfigError(name, all.sort(byPlace).map(line));
  return fleet;
}

/** SHA-256 of the configuration's bytes in hex: sweeps record which one they evaluated by. */
export function configHash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A key of the file is shown up to this length. */
const longestKey = 80;

function line(problem: Problem): string {
  const path = problem.path.map((part) => (typeof part === 'string' ? oneLine(part, longestKey) : part));
  return printable(`${pathText(path)}: ${problem.message}`);
}

/** What belongs to no tenant first, then by tenant and database, or shared database; a stable sort keeps the rest as it is. */
function byPlace(a: Problem, b: Problem): number {
  const [aTenant, aDatabase] = place(a);
  const [bTenant, bDatabase] = place(b);
  return aTenant - bTenant || aDatabase - bDatabase;
}

function place({ path }: Problem): [tenant: number, database: number] {
  const inTenant = path[0] === 'tenants' && typeof path[1] === 'number';
  const inDatabase = inTenant && path[2] === 'databases' && typeof path[3] === 'number';
  if (path[0] === 'sharedDatabases' && typeof path[1] === 'number') return [-1, path[1]];
  return [inTenant ? Number(path[1]) : -1, inDatabase ? Number(path[3]) : -1];
}

function parseJson(text: string, name: string): unknown {
  const deep = placeOf(text, ({ depth }) => depth > deepest);
  if (deep !== undefined) {
    throw new ConfigError(name, [
      `line ${lineAt(text, deep)}: more than ${deepest} brackets deep; no setting nests that far`,
    ]);
  }
  try {
    // Some editors on Windows put a byte order mark first.
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ConfigError(name, [syntaxMistake(text)]);
  }
}

/** Parsers go down by recursion; the settings nest less than ten brackets deep. */
const deepest = 100;

/** JSON.parse names no place in all Node versions, so a second parser finds it. */
function syntaxMistake(text: string): string {
  try {
    parseTolerantly(text, { mode: 'json' });
  } catch (error) {
    if (!(error instanceof Error && 'line' in error && 'column' in error)) throw error;
    if (error.message.startsWith('Unexpected end')) {
      return `line ${lineAt(text, text.trimEnd().length)}: the file ends too early`;
    }
    return `line ${error.line}, column ${error.column}: not JSON here (comments and a comma before a closing bracket are not allowed)`;
  }
  // The one thing that parser lets pass and JSON does not.
  const control = placeOf(text, ({ inText, character }) => inText && character < ' ') ?? text.length;
  return `line ${lineAt(text, control)}: a text in quotes holds a line break, a tab or another control character; write \\n, \\t, ...`;
}

/** Where in JSON, by its index, something is wrong: inside a text in quotes, or so many brackets deep. */
function placeOf(
  json: string,
  isWrong: (at: { readonly character: string; readonly inText: boolean; readonly depth: number }) => boolean,
): number | undefined {
  let inText = false;
  let depth = 0;
  for (let index = 0; index < json.length; index += 1) {
    const character = json.charAt(index);
    if (character === '"') inText = !inText;
    else if (inText && character === '\\') index += 1;
    else if (!inText && (character === '[' || character === '{')) depth += 1;
    else if (!inText && (character === ']' || character === '}')) depth -= 1;
    if (isWrong({ character, inText, depth })) return index;
  }
  return undefined;
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// zod's issues as sentences -------------------------------------------------------------------------------------------

type Issue = z.core.$ZodIssue;

function problemsOf(issue: Issue, at: readonly PropertyKey[] = []): Problem[] {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(fileSchema, path, issue.input);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_union') {
    const best = bestBranch(issue.errors);
    if (best) return best.flatMap((inner) => problemsOf(inner, path));
    if (issue.discriminator !== undefined && isObject(issue.input)) {
      return [mistake(path, issue, issue.input[issue.discriminator])];
    }
  }
  return [mistake(path, issue, issue.input)];
}

function mistake(path: readonly PropertyKey[], issue: Issue, value: unknown): Problem {
  const message = messageOf(issue);
  return { path, message: value === undefined ? `is missing; ${message}` : `${message}, got ${shown(value)}` };
}

const expectedWords: Readonly<Record<string, string>> = {
  string: 'must be a text in quotes',
  number: 'must be a number',
  boolean: 'must be true or false',
  array: 'must be a list [...]',
  object: 'must be an object {...}',
};

function messageOf(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) {
    return expectedWords[issue.expected] ?? `must be of type ${issue.expected}`;
  }
  return issue.message;
}

/** Of a union's branches of the value's type the one that fits but for a value; none where several fit as badly. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const isOfType = (issues: readonly Issue[]) =>
    !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0);
  const ofType = branches.filter(isOfType);
  const fewest = Math.min(...ofType.map((issues) => issues.length));
  const best = ofType.filter((issues) => issues.length === fewest);
  return best.length === 1 ? best[0] : undefined;
}

function unknownKey(key: string, known: readonly string[]): string {
  const near =
    key.length <= longestKey && closestMatch(key, known, { maxDistance: Math.max(2, Math.floor(key.length / 3)) });
  return near ? `unknown key; did you mean ${JSON.stringify(near)}?` : `unknown key; known are ${known.join(', ')}`;
}

/** The keys that the schema knows at a path of the file; `input` is the object there, which selects a union's branch. */
function knownKeys(schema: unknown, path: readonly PropertyKey[], input: unknown): readonly string[] {
  const [head, ...rest] = path;
  if (schema instanceof z.ZodObject) {
    return head === undefined ? Object.keys(schema.shape) : knownKeys(schema.shape[String(head)], rest, input);
  }
  if (schema instanceof z.ZodArray) return knownKeys(schema.element, rest, input);
  if (schema instanceof z.ZodUnion) {
    const fitting = schema.options.filter((option) => onlyUnknownKeys(z.safeParse(option, input)));
    const branches = fitting.length > 0 ? fitting : schema.options;
    return [...new Set(branches.flatMap((option) => knownKeys(option, path, input)))];
  }
  if (schema instanceof z.ZodPipe) return knownKeys(schema.in, path, input);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return knownKeys(schema.unwrap(), path, input);
  }
  return [];
}

function onlyUnknownKeys({ error }: z.ZodSafeParseResult<unknown>): boolean {
  return error?.issues.every((issue) => issue.code === 'unrecognized_keys') ?? true;
}

/** A value as a message shows it: short, on one line, and of a URL no more than its host, since tokens stand behind it. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (isObject(value)) return 'an object';
  if (typeof value !== 'string') return String(value);
  const url = /^([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@]*@)?([^\s/?#@]*)/i.exec(value);
  if (url) return JSON.stringify(`${url[1]}${url[2]}/...`);
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}
