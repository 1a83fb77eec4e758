import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage, type Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Architecture,
  Code,
  type IDestination,
  type IEventSourceDlq,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type CarriedConfig, carriedFile, configHash, formatCarried } from '../shared/config/index.ts';
import {
  type FunctionName,
  type FunctionSettings,
  hubRoleName,
  metricsDimensions,
  metricsNamespace,
} from '../shared/contract.ts';
import { bundle } from './bundle.ts';
import { allow } from './rights.ts';
import { SynthError } from './synth-error.ts';

export interface LedgerFunctionProps<Name extends FunctionName> {
  /** File in `handlers/`, without its extension. */
  readonly handler: Name;
  /** One sentence for the console. */
  readonly description: string;
  readonly memoryMiB: number;
  readonly timeout: Duration;
  readonly environment: FunctionSettings<Name>;
  /** The configuration, which lies beside the code. */
  readonly config: CarriedConfig;
  /** Where the event of an asynchronous call goes when all its tries failed. Default: no asynchronous calls are made. */
  readonly asynchronousFailures?: IQueue;
}

/** What the functions run on, the default first; the other where a Region lacks it: `-c runtime=nodejs22.x -c architecture=x86_64`. */
const runtimes = { 'nodejs24.x': Runtime.NODEJS_24_X, 'nodejs22.x': Runtime.NODEJS_22_X };
const architectures = { arm64: Architecture.ARM_64, x86_64: Architecture.X86_64 };

/** The value that the CDK's context names, or the first. Throws `SynthError` where it names none of them. */
function chosen<T>(scope: Construct, name: string, values: Readonly<Record<string, T>>): T {
  const [byDefault = ''] = Object.keys(values);
  const named = String(scope.node.tryGetContext(name) ?? byDefault);
  const value = values[named];
  if (value !== undefined && Object.hasOwn(values, named)) return value;
  throw new SynthError(`Context ${name}: must be one of ${Object.keys(values).join(', ')}, got "${named}".`);
}

const handlers = fileURLToPath(new URL('../handlers', import.meta.url));

/**
 * A function of this stack: Node 24 on ARM64 unless chosen otherwise, minified ES modules with their own SDK, a log group whose logs end, and a
 * role that may do nothing but write them; whoever makes the function gives its role what it needs.
 */
export class LedgerFunction<Name extends FunctionName = FunctionName> extends Construct {
  readonly function: LambdaFunction;
  readonly role: Role;

  constructor(scope: Construct, id: string, props: LedgerFunctionProps<Name>) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      // Long enough to look into last month's night, short enough to cost nothing.
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      roleName: hubRoleName(props.handler, Stack.of(this).region),
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    allow(this.role, { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] });
    this.function = new LambdaFunction(this, 'Function', {
      description: props.description,
      code: codeOf(props.handler, formatCarried(props.config)),
      handler: 'index.handler',
      runtime: chosen(this, 'runtime', runtimes),
      architecture: chosen(this, 'architecture', architectures),
      memorySize: props.memoryMiB,
      timeout: props.timeout,
      role: this.role.withoutPolicyUpdates(),
      logGroup,
      environment: {
        ...props.environment,
        POWERTOOLS_SERVICE_NAME: metricsDimensions.service,
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
      },
      ...(props.asynchronousFailures && { retryAttempts: 2, onFailure: failuresTo(props.asynchronousFailures) }),
    });
    if (props.asynchronousFailures) {
      allow(this.role, { actions: ['sqs:SendMessage'], resources: [props.asynchronousFailures.queueArn] });
    }
  }
}

/** Bundled when the stack is synthesized, unless bundling is switched off (context `aws:cdk:bundling-stacks`). */
function codeOf(handler: FunctionName, config: string): Code {
  return Code.fromAsset(handlers, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Image and command are for bundling in Docker, which local bundling never leaves to it; the CDK tells bundles apart by them.
      image: DockerImage.fromRegistry('unused'),
      command: [handler, configHash(config)],
      local: {
        tryBundle: (folder) => {
          bundle(handler, folder);
          writeFileSync(join(folder, carriedFile), config);
          return true;
        },
      },
    },
  });
}

/** A queue as the place of failures. CDK's own destination would also allow reading the queue's attributes. */
export function failuresTo(queue: IQueue): IDestination & IEventSourceDlq {
  return { bind: () => ({ destination: queue.queueArn }) };
}
