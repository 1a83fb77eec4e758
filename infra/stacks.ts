import type { App, StackProps } from 'aws-cdk-lib';
import type { CloudAssembly } from 'aws-cdk-lib/cx-api';
import { fleetIn } from '../shared/config/index.ts';
import { defaultStackName, spokeStackName } from '../shared/contract.ts';
import { exceededLimits, type Template } from './limits.ts';
import { SpokeStack } from './spoke.ts';
import { LedgerStack, type LedgerStackProps } from './stack.ts';

/** The hub, and a spoke in each other environment: deployed after the hub, whose bus must let them in first. */
export function addStacks(app: App, props: Omit<LedgerStackProps, keyof StackProps>): void {
  const { fleet } = props;
  const { account, region } = fleet;
  const hub = new LedgerStack(app, defaultStackName, { env: { account, region }, ...props });
  const [, ...spokes] = fleet.environments;
  for (const environment of spokes) {
    const spoke = new SpokeStack(app, spokeStackName(environment), {
      env: { account: environment.account, region: environment.region },
      hub: { account, region },
      fleet: fleetIn(fleet, environment),
    });
    spoke.addStackDependency(hub);
  }
}

/** What of the stacks is more than AWS takes, as sentences with the cure; none where all fits. */
export function exceededIn({ stacks }: CloudAssembly): string[] {
  return stacks.flatMap(({ stackName, template }) =>
    exceededLimits(template as Template).map((text) => (stacks.length > 1 ? `${stackName}: ${text}` : text)),
  );
}
