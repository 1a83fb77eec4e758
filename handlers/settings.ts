import * as z from 'zod';
import type { FoundSettings, SettingName } from '../shared/contract.ts';

/** `AWS_REGION` and `LAMBDA_TASK_ROOT` are Lambda's own; the stack sets the others. `CONFIG_*` are there for the command line alone. */
const schema = z.object({
  ACCOUNT_ID: z.string().regex(/^\d{12}$/),
  AWS_REGION: z.string().min(1),
  LAMBDA_TASK_ROOT: z.string().min(1),
  LEDGER_TABLE: z.string().min(1),
  ALERT_TOPIC_ARN: z.string().startsWith('arn:'),
  CONFIG_BUCKET: z.string().min(1),
  CONFIG_KEY: z.string().min(1),
  REPORT_BUCKET: z.string().min(1),
} satisfies Record<SettingName<'shared'> | 'AWS_REGION' | 'LAMBDA_TASK_ROOT', z.ZodType>);

/** What every function's environment says. */
export interface Settings {
  readonly account: string;
  readonly region: string;
  readonly ledgerTable: string;
  readonly alertTopicArn: string;
  /** The folder of the function's code. */
  readonly taskRoot: string;
  readonly reportBucket: string;
}

/** The copy function's name, which only the sweep function's environment has; throws an `Error` where it is missing. */
export function readCopyFunctionName({ COPY_FUNCTION_NAME: name }: FoundSettings): string {
  if (!name) throw new Error("the function's environment is incomplete: COPY_FUNCTION_NAME is missing");
  return name;
}

/** Reads the environment; throws an `Error` that names every variable that is missing or malformed. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`the function's environment is incomplete: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  return {
    account: data.ACCOUNT_ID,
    region: data.AWS_REGION,
    ledgerTable: data.LEDGER_TABLE,
    alertTopicArn: data.ALERT_TOPIC_ARN,
    taskRoot: data.LAMBDA_TASK_ROOT,
    reportBucket: data.REPORT_BUCKET,
  };
}
