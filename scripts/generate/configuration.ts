/** What is made from the configuration's schema: the JSON Schema for editors, and the table of fields in the documentation. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import * as z from 'zod';
import { fileSchema } from '../../shared/config/index.ts';

export const configurationSchema = {
  file: 'config/schema.json',
  content: () => formatted('config/schema.json', JSON.stringify(jsonSchema())),
};

export const configurationTable = {
  file: 'docs/configuration.md',
  content: (current: string) => replaceSection(current, 'fields', fieldTable(jsonSchema())),
};

function jsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(fileSchema, { io: 'input' });
}

/** JSON or code as Biome writes it, since Biome checks generated files as well. */
export function formatted(file: string, text: string): string {
  const biome = join(import.meta.dirname, '../../node_modules/@biomejs/biome/bin/biome');
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${file}`], {
    input: text,
    encoding: 'utf8',
  });
}

/** Replaces what stands between `<!-- generated: name -->` and `<!-- end: name -->`. */
function replaceSection(current: string, name: string, text: string): string {
  const start = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const [before, after] = [current.indexOf(start), current.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`the file lacks the lines ${start} and ${end}`);
  return `${current.slice(0, before)}${start}\n\n${text}\n\n${current.slice(after)}`;
}

type Schema = z.core.JSONSchema.BaseSchema;

/** One row a field: path, type, and its description, which carries unit and default. */
function fieldTable(schema: Schema): string {
  const rows = [...fields(schema, '')].map(
    ({ path, type, description }) => `| \`${path}\` | ${type} | ${markdown(description)} |`,
  );
  return ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

/** Text that Markdown shows as it is: placeholders in angle brackets as code, no emphasis by `*`. */
function markdown(text: string): string {
  return text
    .replaceAll(/<[^>]+>(\/<[^>]+>)*/g, '`$&`')
    .replaceAll('*', '\\*')
    .replaceAll('|', '\\|');
}

interface Field {
  readonly path: string;
  readonly type: string;
  readonly description: string;
}

function* fields(schema: Schema, prefix: string): Iterable<Field> {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (typeof property === 'boolean') continue;
    const path = prefix === '' ? key : `${prefix}.${key}`;
    const required = schema.required?.includes(key) ? ', required' : '';
    yield { path, type: `${typeOf(property)}${required}`, description: property.description ?? '' };
    yield* inner(property, path);
  }
}

/** The fields inside an object, a list's entries, or the forms that a value may have. */
function* inner(schema: Schema, path: string): Iterable<Field> {
  if (schema.properties) yield* fields(schema, path);
  const { items } = schema;
  if (typeof items === 'object' && !Array.isArray(items)) yield* inner(items, `${path}[]`);
  const forms = (schema.anyOf ?? schema.oneOf ?? []).filter((form) => typeof form === 'object');
  const seen = new Set<string>();
  for (const field of forms.flatMap((form) => [...fields(form, path)])) {
    if (field.path.endsWith('.type') || seen.has(field.path)) continue;
    seen.add(field.path);
    // Which of them is needed depends on the form.
    yield { ...field, type: field.type.replace(', required', '') };
  }
}

function typeOf(schema: Schema): string {
  const forms = (schema.anyOf ?? schema.oneOf ?? []).filter((form) => typeof form === 'object');
  const types = forms.flatMap(({ properties }) => {
    const type = properties?.type;
    return typeof type === 'object' && 'const' in type ? [`\`"${type.const}"\``] : [];
  });
  if (types.length > 0) return `object, \`type\` ${types.join(', ')}`;
  if (schema.enum) return schema.enum.map((value) => `\`"${value}"\``).join(', ');
  const { items } = schema;
  if (typeof items === 'object' && !Array.isArray(items)) return items.type === 'string' ? 'list of texts' : 'list';
  const range = [
    ...(schema.minimum === undefined ? [] : [`from ${schema.minimum}`]),
    ...(schema.exclusiveMinimum === undefined ? [] : [`above ${schema.exclusiveMinimum}`]),
    ...(schema.maximum === undefined ? [] : [`to ${schema.maximum}`]),
  ];
  const name = typeof schema.type === 'string' ? schema.type : '';
  return [typeNames[name] ?? name, ...range].join(' ');
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'whole number',
  boolean: 'true or false',
};
