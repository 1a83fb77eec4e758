import type { TemplateJson } from '../infra/synthesized.ts';

const where = 'eu-west-1:123456789012';

/** What `Ref` and attributes of resources are as ARNs or names, by type; `x` is the resource's name. */
const shapes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'AWS::DynamoDB::GlobalTable': {
    Ref: 'x',
    Arn: `arn:aws:dynamodb:${where}:table/x`,
    StreamArn: `arn:aws:dynamodb:${where}:table/x/stream/x`,
  },
  'AWS::Events::EventBus': { Ref: 'x', Arn: `arn:aws:events:${where}:event-bus/x` },
  'AWS::Events::Rule': { Arn: `arn:aws:events:${where}:rule/x` },
  'AWS::IAM::Role': { Arn: 'arn:aws:iam::123456789012:role/x' },
  'AWS::KMS::Key': { Arn: `arn:aws:kms:${where}:key/x` },
  'AWS::Lambda::Function': { Ref: 'x', Arn: `arn:aws:lambda:${where}:function:x` },
  'AWS::Logs::LogGroup': { Arn: `arn:aws:logs:${where}:log-group:x:*` },
  'AWS::S3::Bucket': { Ref: 'x', Arn: 'arn:aws:s3:::x' },
  'AWS::SNS::Topic': { Ref: `arn:aws:sns:${where}:x`, TopicName: 'x' },
  'AWS::SQS::Queue': { Arn: `arn:aws:sqs:${where}:x` },
  'AWS::Scheduler::ScheduleGroup': { Arn: `arn:aws:scheduler:${where}:schedule-group/x` },
};

const parameters: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-west-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
  // Of the template for StackSets.
  HubAccount: '210987654321',
  HubRegion: 'us-east-1',
};

/** Values of a template's policies as ARNs. */
export class Arns {
  readonly #template: Pick<TemplateJson, 'Resources'>;

  constructor(template: Pick<TemplateJson, 'Resources'>) {
    this.#template = template;
  }

  text(value: unknown): string {
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null) {
      if ('Ref' in value) return parameters[String(value.Ref)] ?? this.#of(String(value.Ref), 'Ref');
      if ('Fn::GetAtt' in value) return this.#of(...(value['Fn::GetAtt'] as [string, string]));
      if ('Fn::Join' in value) {
        const [between, parts] = value['Fn::Join'] as [string, unknown[]];
        return parts.map((part) => this.text(part)).join(between);
      }
      if ('Fn::Sub' in value && typeof value['Fn::Sub'] === 'string') {
        return value['Fn::Sub'].replaceAll(/\$\{([\w:]+)\}/g, (_, name: string) => this.text({ Ref: name }));
      }
    }
    throw new Error(`no ARN is known for ${JSON.stringify(value)}`);
  }

  #of(id: string, attribute: string): string {
    const type = this.#template.Resources[id]?.Type ?? '';
    const arn = shapes[type]?.[attribute];
    if (arn === undefined) throw new Error(`no ARN is known for ${attribute} of ${type} ${id}`);
    return arn;
  }
}
