/**
 * AWS's quotas that a configuration can exceed, checked on the template before anything is deployed: IAM, S3 or CloudFormation
 * would refuse half-way. Where a value is only known once it is deployed, the longest that it can be is counted.
 */
import { partition as divide } from 'es-toolkit/array';
import { sumBy } from 'es-toolkit/math';

export interface Template {
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

interface TemplateResource {
  readonly Type: string;
  // A template's properties are data of a hundred shapes.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly Properties?: any;
}

/** A measure of a template or a part of it, with the most that AWS takes. */
interface Measure {
  readonly what: string;
  readonly size: number;
  readonly max: number;
  readonly unit: string;
  readonly cure: string;
}

/** AWS CloudFormation User Guide, "Understand CloudFormation quotas". */
const maxResources = 500;

const fewerBuckets =
  'Let databases share one bucket, each with a prefix of its own: "bucket": { "type": "shared" } in "defaults" or at tenants';
const fewerRecipients = 'Let tenants share recipients, or leave theirs to the "operators"';
const fewerEnvironments = 'Watch some of the "environments" from another hub';
const ours = 'Report it as a fault of this version, with the configuration';

/** What of a template is more than AWS takes, as sentences with the cure; none where all fits. */
export function exceededLimits(template: Template): string[] {
  return [...measuresOf(template)].flatMap(({ what, size, max, unit, cure }) =>
    size > max ? [`${what}: ${size} ${unit}, AWS takes at most ${max}. ${cure}.`] : [],
  );
}

function* measuresOf(template: Template): Generator<Measure> {
  const resources = Object.entries(template.Resources);
  // The CDK writes the template indented.
  yield { ...stackCure(template), what: 'The stack', size: resources.length, max: maxResources, unit: 'resources' };
  const text = JSON.stringify(template, undefined, 1);
  yield { ...stackCure(template), what: 'The template', size: Buffer.byteLength(text), max: 1_000_000, unit: 'bytes' };
  const outputs = Object.keys(template.Outputs ?? {}).length;
  yield { what: 'The stack', size: outputs, max: 200, unit: 'outputs', cure: ours };
  for (const [id, { Type }] of resources) if (Type === 'AWS::IAM::Role') yield* roleMeasures(template, id);
  for (const [id, { Type, Properties = {} }] of resources) {
    for (const measure of ownMeasures(Type, Properties)) yield { ...measure, what: `${id}: ${measure.what}` };
  }
}

function stackCure({ Resources }: Template): { readonly cure: string } {
  const count = (type: string) => Object.values(Resources).filter(({ Type }) => Type === type).length;
  const buckets = count('AWS::S3::Bucket');
  if (buckets < count('AWS::SNS::Subscription')) return { cure: fewerRecipients };
  // Each has a policy.
  const room = Math.max(0, buckets - Math.ceil((Object.keys(Resources).length - maxResources) / 2));
  return { cure: `${fewerBuckets}; of ${buckets} buckets ${room} have room` };
}

/** IAM User Guide, "IAM and AWS STS quotas": white space does not count; ten managed policies are the default. */
function* roleMeasures({ Resources }: Template, id: string): Generator<Measure> {
  const attached = (type: string) =>
    Object.values(Resources).filter(
      ({ Type, Properties = {} }) =>
        Type === type && (Properties.Roles ?? []).some((role: unknown) => refersTo(role, id)),
    );
  const { AssumeRolePolicyDocument, Policies = [], ManagedPolicyArns = [] } = Resources[id]?.Properties ?? {};
  yield {
    what: `${id}: its trust policy`,
    size: sizeOf(AssumeRolePolicyDocument),
    max: 2_048,
    unit: 'characters',
    cure: ours,
  };
  const inline = [...Policies, ...attached('AWS::IAM::Policy').map(({ Properties }) => Properties)];
  const inlineSize = sumBy(inline, ({ PolicyDocument }) => sizeOf(PolicyDocument));
  const managed = attached('AWS::IAM::ManagedPolicy');
  const documents = [...inline, ...managed.map(({ Properties }) => Properties)].map(
    ({ PolicyDocument }) => PolicyDocument,
  );
  const cure = mostlyAssumes(documents) ? fewerEnvironments : fewerBuckets;
  yield { what: `${id}: its inline policies`, size: inlineSize, max: 10_240, unit: 'characters', cure };
  for (const { Properties } of managed) {
    const size = sizeOf(Properties.PolicyDocument);
    yield { what: `${id}: one of its managed policies`, size, max: 6_144, unit: 'characters', cure };
  }
  yield { what: id, size: managed.length + ManagedPolicyArns.length, max: 10, unit: 'managed policies', cure };
}

/** Whether most of a role's rights are to assume roles of other environments. */
function mostlyAssumes(
  documents: readonly { readonly Statement: readonly { readonly Action?: unknown }[] }[],
): boolean {
  const [assuming, others] = divide(
    documents.flatMap(({ Statement }) => Statement),
    ({ Action }) => Action === 'sts:AssumeRole',
  );
  return sumBy(assuming, sizeOf) > sumBy(others, sizeOf);
}

// biome-ignore lint/suspicious/noExplicitAny: see TemplateResource
function* ownMeasures(type: string, properties: any): Generator<Measure> {
  const policy = (what: string, document: unknown, max: number) => {
    return { what, size: sizeOf(document), max, unit: 'bytes', cure: ours };
  };
  switch (type) {
    // Amazon S3 User Guide, "Bucket policies": 20 KB.
    case 'AWS::S3::BucketPolicy':
      yield policy('its policy', properties.PolicyDocument, 20 * 1024);
      break;
    // AWS KMS Developer Guide, "Resource quotas".
    case 'AWS::KMS::Key':
      yield policy('its key policy', properties.KeyPolicy, 32 * 1024);
      break;
    // Amazon SQS Developer Guide, "Policy quotas".
    case 'AWS::SQS::QueuePolicy':
      yield policy('its policy', properties.PolicyDocument, 8_192);
      yield* counts(properties.PolicyDocument);
      break;
    // Amazon SNS endpoints and quotas.
    case 'AWS::SNS::TopicPolicy':
      yield policy('its policy', properties.PolicyDocument, 30 * 1024);
      break;
    case 'AWS::SNS::Subscription':
      yield { ...policy('its filter policy', properties.FilterPolicy, 256 * 1024), cure: fewerRecipients };
      break;
    // Amazon EventBridge quotas.
    case 'AWS::Events::EventBusPolicy':
      yield {
        ...policy('its statement', properties.Statement, 10 * 1024),
        cure: 'Let it admit the accounts of an organization, if all are of one: "organization": "o-…"',
      };
      break;
    case 'AWS::Events::Rule':
      yield { ...policy('its event pattern', properties.EventPattern, 2_048), unit: 'characters' };
      break;
    // AWS Lambda quotas.
    case 'AWS::Lambda::Function':
      yield policy('its environment', properties.Environment?.Variables, 4_096);
      break;
    case 'AWS::Lambda::EventSourceMapping': {
      const filters: readonly unknown[] = properties.FilterCriteria?.Filters ?? [];
      yield { what: 'it', size: filters.length, max: 5, unit: 'filters', cure: ours };
      for (const filter of filters) yield { ...policy('a filter', filter, 4_096), unit: 'characters' };
      break;
    }
    // Amazon CloudWatch API reference, PutMetricAlarm.
    case 'AWS::CloudWatch::Alarm': {
      const cure = 'Choose a shorter "alerts.runbookUrl"';
      const [name, description] = [properties.AlarmName, properties.AlarmDescription].map(longest);
      yield {
        what: 'its name',
        size: name ?? 0,
        max: 255,
        unit: 'characters',
        cure: 'Choose a shorter name for the stack',
      };
      yield { what: 'its description', size: description ?? 0, max: 1_024, unit: 'characters', cure };
    }
  }
}

function* counts(document: { readonly Statement: readonly { readonly Principal?: unknown }[] }): Generator<Measure> {
  const principals = sumBy(document.Statement, ({ Principal }) => leaves(Principal));
  yield { what: 'its policy', size: document.Statement.length, max: 20, unit: 'statements', cure: ours };
  yield { what: 'its policy', size: principals, max: 50, unit: 'principals', cure: ours };
}

function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null) return value === undefined ? 0 : 1;
  return isIntrinsic(value) ? 1 : sumBy(Object.values(value), leaves);
}

/** Bytes of a value as compact JSON, each reference as long as it can become. */
function sizeOf(value: unknown): number {
  if (value === undefined) return 0;
  const whole = JSON.stringify(value, (_, part: unknown) => (isIntrinsic(part) ? 'x'.repeat(longest(part)) : part));
  return Buffer.byteLength(whole);
}

/** The longest partition's name; ARNs that AWS gives take up to 150 characters, and names 64 (CDK estimates them alike). */
const partition = 'aws-iso-b'.length;
const longestArn = 150;

/** Characters that a value of a template can have when it is deployed. */
function longest(value: unknown): number {
  if (typeof value !== 'object' || value === null) return String(value ?? '').length;
  if ('Ref' in value) return value.Ref === 'AWS::Partition' ? partition : longestArn;
  if ('Fn::Join' in value) {
    const [separator, parts] = value['Fn::Join'] as [string, readonly unknown[]];
    return sumBy([...parts], longest) + separator.length * Math.max(0, parts.length - 1);
  }
  return longestArn;
}

function isIntrinsic(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const [only, ...others] = Object.keys(value);
  return others.length === 0 && only !== undefined && (only === 'Ref' || only.startsWith('Fn::'));
}

function refersTo(value: unknown, id: string): boolean {
  return typeof value === 'object' && value !== null && 'Ref' in value && value.Ref === id;
}
