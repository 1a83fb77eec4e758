import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App, type AppProps } from 'aws-cdk-lib';
import { CloudAssembly, FAIL_SYNTH_ON_VALIDATION_ERRORS_CONTEXT } from 'aws-cdk-lib/cx-api';
import type { Fleet } from '../shared/config/index.ts';
import { addStacks, exceededIn } from './stacks.ts';
import { SynthError } from './synth-error.ts';

const cdkJson = fileURLToPath(new URL('../cdk.json', import.meta.url));

/** An app with the flags of `cdk.json`, which `new App()` alone does not read; it bundles no functions. */
export function dryRunApp({ context = {}, ...props }: AppProps = {}): App {
  const file = JSON.parse(readFileSync(cdkJson, 'utf8')) as { context: Record<string, unknown> };
  return new App({ context: { ...file.context, 'aws:cdk:bundling-stacks': [], ...context }, ...props });
}

/**
 * Why the stacks of a configuration could not be deployed, as sentences with the cure: what of AWS's quotas they would exceed.
 * It takes no AWS, and a second or two, or with hundreds of environments ten; a table to adopt is not looked up.
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
  try {
    addStacks(app, { fleet, configurationPath });
    return exceededIn(app.synth());
  } catch (error) {
    if (error instanceof SynthError) return [error.message];
    throw error;
  } finally {
    CloudAssembly.cleanupTemporaryDirectories();
  }
}
