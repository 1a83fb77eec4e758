import { UserError } from '../user-error.ts';

/**
 * Rejects an environment that leads some services to an AWS on this machine, and others elsewhere: half of a command would act
 * on a real account. For the SDKs, a service's own variable outranks AWS_ENDPOINT_URL, and that outranks configuration files;
 * all are ignored by AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, or by its counterpart in a configuration file, which this switches off.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function requireOneAws(environment: NodeJS.ProcessEnv): void {
  const { AWS_ENDPOINT_URL: local, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: ignored = 'false' } = environment;
  if (local === undefined || !isOnThisMachine(local)) return;
  for (const [name, value] of Object.entries(environment)) {
    if (name.startsWith('AWS_ENDPOINT_URL_') && value && !isOnThisMachine(value))
      throw mixed(local, `${name}=${value}`);
  }
  if (ignored.toLowerCase() !== 'false') throw mixed(local, `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=${ignored}`);
  environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS = 'false';
}

function mixed(local: string, other: string): UserError {
  return new UserError(
    `AWS_ENDPOINT_URL leads to an AWS on this machine (${local}), and ${other} leads away from it`,
    'unset one of them; for the AWS of "npm start", run "source .local/env" in a terminal of its own.',
  );
}

function isOnThisMachine(url: string): boolean {
  if (!URL.canParse(url)) return false;
  return /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
