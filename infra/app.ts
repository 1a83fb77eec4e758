import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { App, Validations } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigError, parseConfig } from '../shared/config/index.ts';
import { checkKeptKey, checkNotifyFrom, findKeptBuckets, findKeptTable } from './kept.ts';
import { addStacks, exceededIn } from './stacks.ts';
import { SynthError } from './synth-error.ts';

const defaultConfiguration = 'config/example.json';

async function build(): Promise<void> {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const path = String(app.node.tryGetContext('config') ?? defaultConfiguration);
  const env = environment();
  const fleet = parseConfig(read(path), { ...env, name: path });
  if (fleet.adopt) {
    checkNotifyFrom(fleet.adopt, new Date());
    await checkKeptKey(new KMSClient({ region: env.region }), fleet.adopt);
  }
  addStacks(app, {
    fleet,
    configurationPath: resolve(path),
    ...(fleet.adopt && { keptTable: await findKeptTable(new DynamoDBClient({ region: env.region }), fleet.adopt) }),
    ...(fleet.adopt?.buckets && { keptBuckets: await findKeptBuckets(new S3Client({ region: env.region }), fleet) }),
  });
  const exceeded = exceededIn(app.synth());
  if (exceeded.length > 0) throw new SynthError(exceeded.join('\n'));
}

/** The account and Region of the credentials in use, which the CDK command line finds out. */
function environment(): { account: string; region: string } {
  const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
  if (!account || !region) {
    throw new SynthError(
      `No AWS ${account ? 'Region' : 'account'} is known. Sign in and choose one, e.g. AWS_PROFILE=<profile> AWS_REGION=<Region>; without credentials, CDK_DEFAULT_ACCOUNT=<12 digits> AWS_REGION=<Region> npx cdk synth shows the template.`,
    );
  }
  const { partition } = RegionInfo.get(region);
  if (partition?.startsWith('aws-iso')) {
    throw new SynthError(
      `Region ${region} is of the partition ${partition}, which is not supported: the addresses of its consoles are not public, and messages link to them.`,
    );
  }
  return { account, region };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SynthError(
      `The configuration ${path} cannot be read (${error instanceof Error ? error.message : String(error)}). Name it with -c config=<path>.`,
    );
  }
}

try {
  await build();
} catch (error) {
  // What the user can put right is reported in its own words; anything else is ours, and needs its stack trace.
  if (!(error instanceof ConfigError || error instanceof SynthError)) throw error;
  console.error(error.message);
  // Not the exit code alone: CDK would go on to synthesize what there is of the stack.
  process.exit(1);
}
