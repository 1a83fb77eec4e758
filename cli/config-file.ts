/** Configurations on this machine. */
import type { Where } from '../shared/config/index.ts';
import type { Args } from './args.ts';
import type { Option } from './command.ts';
import type { Parts } from './parts.ts';
import { UserError } from './user-error.ts';

/** What `cdk deploy` takes, too. */
export const defaultConfig = 'config/example.json';

export const whereOptions: readonly Option[] = [
  {
    flags: '--account <id>',
    description: 'account that it is for, 12 digits (default: CDK_DEFAULT_ACCOUNT, else a placeholder)',
  },
  { flags: '--region <name>', description: 'Region that it is for (default: AWS_REGION, else us-east-1)' },
];

/** Account and Region: names of buckets follow from them, so that a placeholder does for checking. */
export function configWhere({ environment }: Parts, args: Args): Where {
  const account = args.optional('account') ?? environment.CDK_DEFAULT_ACCOUNT ?? '123456789012';
  if (!/^\d{12}$/.test(account)) throw new UserError(`--account must have 12 digits, got "${account}".`);
  const region =
    args.optional('region') ??
    environment.AWS_REGION ??
    environment.AWS_DEFAULT_REGION ??
    environment.CDK_DEFAULT_REGION;
  return { account, region: region ?? 'us-east-1' };
}
