import { type IStackSynthesizer, LegacyStackSynthesizer } from 'aws-cdk-lib';
import { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { dryRunApp } from './dry-run.ts';
import { SpokeTemplate } from './spoke.ts';

/** The template of a spoke for StackSets: it needs no bootstrapped account, and names neither account nor Region. */
export function spokeTemplate(): object {
  // Other checks of it are the tests'.
  const app = dryRunApp({ analyticsReporting: false, builtinCloudFormationValidation: false });
  // This one asks for no version of the CDK's bootstrap stack. The CDK's types are not written for exact optional properties.
  const synthesizer = new LegacyStackSynthesizer() as IStackSynthesizer;
  try {
    const { stackName } = new SpokeTemplate(app, 'Spoke', { synthesizer });
    return app.synth().getStackByName(stackName).template;
  } finally {
    CloudAssembly.cleanupTemporaryDirectories();
  }
}
