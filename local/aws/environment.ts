/**
 * The environment of every process around the local AWS. The user's shell may hold settings for another AWS, or a proxy. None
 * of them may lead to a real account, or away from loopback.
 */
import { existsSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** For AWS clients that must find no account but the local one: neither in the home folder nor on the network. */
export const noOtherAccount = {
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
} as const;

/** What a child inherits. It lists what may pass: no list could name everything that must not. */
const inherited = ['HOME', 'TMPDIR', 'LD_LIBRARY_PATH'];

/**
 * Language and time zone of functions on Lambda, for every child: Node sorts and formats by them.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
const lambdaLocale = { LANG: 'en_US.UTF-8', TZ: ':UTC' };

/** The environment of a child process that may talk to the local AWS: these settings, and almost nothing of the shell. */
export function childEnvironment(
  settings: Readonly<Record<string, string>>,
  shell: Environment = process.env,
): Record<string, string> {
  const kept = Object.fromEntries(inherited.flatMap((name) => (shell[name] ? [[name, shell[name]]] : [])));
  // The Node of this process comes first, so that functions, bundler and CDK app run on it too.
  const path = [dirname(process.execPath), ...(shell.PATH ? [shell.PATH] : [])].join(delimiter);
  return { ...kept, PATH: path, ...lambdaLocale, ...noOtherAccount, ...settings };
}

/** Removes the user's AWS settings from this process: they would overrule what its AWS clients are given, or break it. */
export function removeAwsSettings(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(environment)) if (name.startsWith('AWS_')) delete environment[name];
  Object.assign(environment, noOtherAccount);
}

/**
 * The environment of Python, and of pip while it fetches packages: with the user's index, proxy, certificates and credentials.
 * It leaves out what makes Python load other modules and pip fetch other packages, and names of certificate files that do not
 * exist, on which pip would fail.
 */
export function pythonEnvironment(shell: Environment = process.env): NodeJS.ProcessEnv {
  return filtered(
    shell,
    (name, value) =>
      !/^(PYTHON.+|PIP_(CONSTRAINT|REQUIREMENT|EDITABLE|PYTHON))$/.test(name) &&
      !(/^((REQUESTS|CURL)_CA_BUNDLE|SSL_CERT_(FILE|DIR)|PIP_CERT)$/.test(name) && !existsSync(value)),
  );
}

/**
 * The environment of pip while it installs what it has fetched, without any of the user's settings for it: `target`, `prefix`
 * or `user`, in a variable or a file, would lead it away from the virtual environment, and not every option can be undone.
 */
export function pipInstallEnvironment(shell: Environment = process.env): NodeJS.ProcessEnv {
  return { ...filtered(shell, (name) => !/^(PYTHON|PIP_)./.test(name)), PIP_CONFIG_FILE: '/dev/null' };
}

function filtered(shell: Environment, isKept: (name: string, value: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(shell).filter(([name, value]) => value !== undefined && isKept(name, value)),
  );
}

/**
 * A file that points a terminal to the local AWS, for `source` or `.` in sh, bash or zsh. The terminal loses its other AWS
 * settings, and keeps its proxy for everything but the local AWS. Once the local AWS has ended, the file says so and still
 * points there: the next command fails, instead of reaching the user's account.
 */
export function shellSettings({ pid, env }: { pid: number; env: Readonly<Record<string, string>> }): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  // `command` passes aliases and functions by. "*" in NO_PROXY has its meaning only where it stands alone.
  return `eval "$(command env | LC_ALL=C command sed -nE 's/^((AWS|CDK)_[A-Za-z0-9_]*)=.*/unset \\1/p')"
NO_PROXY="\${NO_PROXY:-\${no_proxy:-}}"
no_proxy="\${no_proxy:-$NO_PROXY}"
case ",$NO_PROXY," in
  ,\\*, | *,127.0.0.1,*) ;;
  *) NO_PROXY="\${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost" ;;
esac
case ",$no_proxy," in
  ,\\*, | *,127.0.0.1,*) ;;
  *) no_proxy="\${no_proxy:+$no_proxy,}127.0.0.1,localhost" ;;
esac
export NO_PROXY no_proxy
${exports.join('')}if ! command kill -0 ${pid} 2>/dev/null; then
  echo 'The local AWS of this file has ended, and this terminal reaches no other. Start another with: npm start' >&2
  return 1
fi
`;
}

/** A word that the shell takes as it is. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
