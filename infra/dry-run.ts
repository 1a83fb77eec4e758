import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, type AppProps } from 'aws-cdk-lib';
import { CloudAssembly, FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import type { Fleet } from '../shared/config/index.ts';
import { defaultStackName } from '../shared/contract.ts';
import { exceededLimits, type Template } from './limits.ts';
import { LedgerStack } from './stack.ts';
import { SynthError } from './synth-error.ts';

const cdkJson = fileURLToPath(new URL('../cdk.json', import.meta.url));

/** An app with the flags of `cdk.json`, which `new App()` alone does not read; it bundles no functions. */
export function dryRunApp({ context = {}, ...props }: AppProps = {}): App {
  const file = JSON.parse(readFileSync(cdkJson, 'utf8')) as { context: Record<string, unknown> };
  return new App({ context: { ...file.context, 'aws:cdk:bundling-stacks': [], ...context }, ...props });
}

/**
 * Why the stack of a configuration could not be deployed, as sentences with the cure: what of AWS's quotas it would exceed. It
 * takes a second or two and no AWS; a table to adopt is not looked up.
 */
export function obstaclesTo(fleet: Fleet, configurationPath: string): string[] {
  const app = dryRunApp({
    // Seconds of other checks, which `cdk synth` makes.
    builtinCloudFormationValidation: false,
    // A resource more, as with the CDK's own command.
    analyticsReporting: true,
    // As under the CDK's own command, which reports warnings itself: else they would be printed here.
    context: { [FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT]: false },
  });
  const { account, region } = fleet;
  try {
    new LedgerStack(app, defaultStackName, { env: { account, region }, fleet, configurationPath });
    return exceededLimits(app.synth().getStackByName(defaultStackName).template as Template);
  } catch (error) {
    if (error instanceof SynthError) return [error.message];
    throw error;
  } finally {
    CloudAssembly.cleanupTemporaryDirectories();
  }
}
