import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { afterAll } from 'vitest';
import { dryRunApp } from '../../infra/dry-run.ts';
import { spokeTemplate } from '../../infra/spoke-template.ts';
import { LedgerStack, type LedgerStackProps } from '../../infra/stack.ts';
import { addStacks } from '../../infra/stacks.ts';
import type { Fleet } from '../../shared/config/fleet.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { spokeStackName } from '../../shared/contract.ts';
import type { Environment } from '../../shared/domain/index.ts';

afterAll(() => CloudAssembly.cleanupTemporaryDirectories());

const env = { account: '123456789012', region: 'eu-west-1' };

const root = fileURLToPath(new URL('../..', import.meta.url));
/** The fleet of a configuration file's content. */
export function fleetOf(configuration: object): Fleet {
  return parseConfig(JSON.stringify(configuration), env);
}

/** A configuration with one tenant, its databases, and an operator. */
export function configured(databases: readonly object[], more: object = {}): Fleet {
  return fleetOf({
    operators: [{ email: 'oncall@example.com' }],
    tenants: [{ id: 'acme', databases }],
    ...more,
  });
}

export const exampleFleet = fleetOf(JSON.parse(readFileSync(`${root}config/example.json`, 'utf8')) as object);

/** The stack as `cdk synth` makes it, with its flags, but without bundling the functions. */
export function synthesize(fleet: Fleet = exampleFleet, props: Partial<LedgerStackProps> = {}): Synthesized {
  const stack = stackOf(dryRunApp(), fleet, props);
  return new Synthesized(Template.fromStack(stack).toJSON() as TemplateJson);
}

/** What `cdk synth` says besides the template: `warning: <text>`. */
export function messagesOf(fleet: Fleet, props: Partial<LedgerStackProps> = {}): string[] {
  const app = dryRunApp();
  const { stackName } = stackOf(app, fleet, props);
  return app
    .synth()
    .getStackByName(stackName)
    .messages.map(({ level, entry }) => `${level}: ${String(entry.data)}`);
}

export function stackOf(app: App, fleet: Fleet = exampleFleet, props: Partial<LedgerStackProps> = {}): LedgerStack {
  const configurationPath = `${root}config/example.json`;
  return new LedgerStack(app, 'RdsBackupLedger', { env, fleet, configurationPath, ...props });
}

/** The stack of one of the other environments. */
export function synthesizeSpoke(fleet: Fleet, environment: Environment): Synthesized {
  const app = dryRunApp();
  addStacks(app, { fleet, configurationPath: `${root}config/example.json` });
  const { template } = app.synth().getStackByName(spokeStackName(environment));
  return new Synthesized(template as TemplateJson);
}

/** The template for StackSets. */
export function synthesizeSpokeTemplate(): Synthesized {
  return new Synthesized(spokeTemplate() as TemplateJson);
}

export interface Resource {
  readonly Type: string;
  // A template's properties are data of a hundred shapes; each assertion names what it reads.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly Properties: any;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
}

export interface TemplateJson {
  readonly Resources: Record<string, Resource>;
  readonly Outputs: Record<string, { readonly Value: unknown }>;
}

export interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
  readonly Principal?: unknown;
}

/** A template with questions one asks of it. */
class Synthesized {
  readonly template: TemplateJson;

  constructor(template: TemplateJson) {
    this.template = template;
  }

  get count(): number {
    return Object.keys(this.template.Resources).length;
  }

  /** Resources of a type by their logical ids. */
  all(type: string): [id: string, resource: Resource][] {
    return Object.entries(this.template.Resources).filter(([, { Type }]) => Type === type);
  }

  /** The one resource of a type whose logical id begins so. */
  one(type: string, idBegins = ''): Resource {
    const found = this.all(type).filter(([id]) => id.startsWith(idBegins));
    const [only] = found;
    if (!only || found.length > 1) throw new Error(`${found.length} resources ${type} begin with ${idBegins}`);
    return only[1];
  }

  /** What a role may do: `<action> on <resource>` for each of its statements, references by logical id. */
  rights(roleIdBegins: string): string[] {
    return this.statements(roleIdBegins)
      .flatMap(({ Action, Resource, Condition }) =>
        list(Action).flatMap((action) =>
          list(Resource).map(
            (resource) => `${action} on ${plain(resource)}${Condition ? ` if ${JSON.stringify(Condition)}` : ''}`,
          ),
        ),
      )
      .sort();
  }

  /** The statements of a role's own policies. */
  statements(roleIdBegins: string): Statement[] {
    const [roleId] = this.all('AWS::IAM::Role').find(([id]) => id.startsWith(roleIdBegins)) ?? [];
    if (roleId === undefined) throw new Error(`no role begins with ${roleIdBegins}`);
    return [...this.all('AWS::IAM::Policy'), ...this.all('AWS::IAM::ManagedPolicy')]
      .filter(([, { Properties }]) => list(Properties.Roles).some((role) => plain(role) === roleId))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);
  }
}

export function list<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

/** A value of a template as one text: `Ref` and `Fn::GetAtt` by the logical id without its hash. */
export function plain(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('Ref' in value) return value.Ref === 'AWS::Partition' ? 'aws' : String(value.Ref);
  if ('Fn::GetAtt' in value) return (value['Fn::GetAtt'] as string[]).join('.');
  if ('Fn::Join' in value) return (value['Fn::Join'] as [string, unknown[]])[1].map(plain).join('');
  if ('Fn::Sub' in value) return String(value['Fn::Sub']);
  return JSON.stringify(value);
}

/** A logical id without the hash that CDK puts behind it. */
export function withoutHashes(text: string): string {
  return text.replaceAll(/([A-Za-z])[0-9A-F]{8}(?=[.\s/]|$)/g, '$1');
}
