/** How an adapter declares the calls that it makes: infrastructure grants the rights, tests compare with the code. */
import type * as Backup from '@aws-sdk/client-backup';
import type * as Lambda from '@aws-sdk/client-lambda';
import type * as Rds from '@aws-sdk/client-rds';
import type * as S3 from '@aws-sdk/client-s3';
import type * as Sns from '@aws-sdk/client-sns';
import type * as Sqs from '@aws-sdk/client-sqs';
import type * as Sts from '@aws-sdk/client-sts';

type CommandIn<Client> = keyof Client extends infer Name ? (Name extends `${infer Call}Command` ? Call : never) : never;

/** A call, named as in the SDK: `StartExportTask` of `StartExportTaskCommand`. */
export type AwsCall =
  | CommandIn<typeof Backup>
  | CommandIn<typeof Lambda>
  | CommandIn<typeof Rds>
  | CommandIn<typeof S3>
  | CommandIn<typeof Sns>
  | CommandIn<typeof Sqs>
  | CommandIn<typeof Sts>;

export type IamAction = `${'backup' | 'iam' | 'kms' | 'lambda' | 'rds' | 's3' | 'sns' | 'sqs' | 'sts'}:${string}`;

/** The IAM actions that each call needs, by what they act on. */
export type AwsCalls<Resource extends string = string> = {
  readonly [Call in AwsCall]?: { readonly [On in Resource]?: readonly IamAction[] };
};

/** The actions that these calls need on one kind of resource, each once. */
export function actionsOn<Resource extends string>(calls: AwsCalls<Resource>, on: NoInfer<Resource>): IamAction[] {
  const needed = Object.values<{ readonly [On in Resource]?: readonly IamAction[] } | undefined>(calls);
  return [...new Set(needed.flatMap((rights) => rights?.[on] ?? []))];
}
