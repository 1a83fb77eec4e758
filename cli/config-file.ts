/** Configurations on this machine. */
import type { Where } from '../shared/config/index.ts';
import type { Args } from './args.ts';
import type { Option } from './command.ts';
import type { Dependencies } from './dependencies.ts';
import { UserError } from './user-error.ts';

/** What `cdk deploy` takes, too. */
export const defaultConfig = 'config/example.json';

export const whereOptions = [
  {
    flags: '--account <id>',
    description: 'target account, 12 digits (default: CDK_DEFAULT_ACCOUNT, else a placeholder)',
  },
  { flags: '--region <name>', description: 'target Region (default: AWS_REGION, else us-east-1)' },
] as const satisfies readonly Option[];

/** Account and Region, from which bucket names follow; a placeholder is enough for a check. */
export function configWhere({ environment }: Dependencies, args: Args<'account' | 'region', never>): Where {
  const account = args.optional('account') ?? environment.CDK_DEFAULT_ACCOUNT ?? '123456789012';
  if (!/^\d{12}$/.test(account)) throw new UserError(`--account must have 12 digits, got "${account}".`);
  const region =
    args.optional('region') ??
    environment.AWS_REGION ??
    environment.AWS_DEFAULT_REGION ??
    environment.CDK_DEFAULT_REGION;
  return { account, region: region ?? 'us-east-1' };
}
