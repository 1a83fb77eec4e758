import { XmlShapeSerializer } from '@aws-sdk/core/protocols';
import { NormalizedSchema } from '@smithy/core/schema';
import type { $SchemaRef, StaticOperationSchema, StaticStructureSchema } from '@smithy/types';
import type { RdsFault } from './faults.ts';

/**
 * The RDS Query protocol from the server's side, driven by the API model's own schemas that the SDK carries: names,
 * lists and types are those of AWS's model and are not repeated here.
 */

const namespace = 'http://rds.amazonaws.com/doc/2014-10-31/';
const dateTime = 5;

function struct(name: string, members: Record<string, $SchemaRef>): StaticStructureSchema {
  return [3, 'com.amazonaws.rds', name, 0, Object.keys(members), Object.values(members)];
}

const errorResponse = struct('ErrorResponse', {
  Error: struct('Error', { Type: 0, Code: 0, Message: 0 }),
  RequestId: 0,
});
const responseMetadata = struct('ResponseMetadata', { RequestId: 0 });

function toXml(schema: StaticStructureSchema, value: unknown): string {
  const serializer = new XmlShapeSerializer({
    timestampFormat: { useTrait: true, default: dateTime },
    xmlNamespace: namespace,
    serviceNamespace: 'com.amazonaws.rds',
    httpBindings: false,
  });
  serializer.write(schema, value);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${serializer.flush()}`;
}

export function writeResult(operation: StaticOperationSchema, result: unknown, requestId: string): string {
  const name = operation[2];
  const schema = struct(`${name}Response`, { [`${name}Result`]: operation[5], ResponseMetadata: responseMetadata });
  return toXml(schema, { [`${name}Result`]: result, ResponseMetadata: { RequestId: requestId } });
}

export function writeFault(fault: RdsFault, requestId: string): string {
  const type = fault.status >= 500 ? 'Receiver' : 'Sender';
  return toXml(errorResponse, {
    Error: { Type: type, Code: fault.code, Message: fault.message },
    RequestId: requestId,
  });
}

/** The typed input of an operation from the form fields of its request; fields that the model lacks are ignored. */
export function readInput(operation: StaticOperationSchema, form: URLSearchParams): Record<string, unknown> {
  return readStruct(NormalizedSchema.of(operation[4]), form, '');
}

function readStruct(schema: NormalizedSchema, form: URLSearchParams, prefix: string): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const value = readValue(member, form, prefix + (member.getMergedTraits().xmlName ?? name));
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function readValue(schema: NormalizedSchema, form: URLSearchParams, key: string): unknown {
  if (schema.isListSchema()) return readList(schema, form, key);
  if (schema.isStructSchema()) {
    return hasFieldsBelow(form, key) ? readStruct(schema, form, `${key}.`) : undefined;
  }
  const text = form.get(key);
  if (text === null) return undefined;
  if (schema.isBooleanSchema()) return text === 'true';
  if (schema.isNumericSchema()) return Number(text);
  if (schema.isTimestampSchema()) return new Date(text);
  return text;
}

function readList(schema: NormalizedSchema, form: URLSearchParams, key: string): unknown[] | undefined {
  const member = schema.getValueSchema();
  const items: unknown[] = [];
  const itemKey = (index: number) => `${key}.${member.getMergedTraits().xmlName ?? 'member'}.${index}`;
  while (form.has(itemKey(items.length + 1)) || hasFieldsBelow(form, itemKey(items.length + 1))) {
    items.push(readValue(member, form, itemKey(items.length + 1)));
  }
  // An empty list is sent as an empty field of the list's own name.
  return items.length > 0 || form.has(key) ? items : undefined;
}

function hasFieldsBelow(form: URLSearchParams, key: string): boolean {
  for (const name of form.keys()) if (name.startsWith(`${key}.`)) return true;
  return false;
}
