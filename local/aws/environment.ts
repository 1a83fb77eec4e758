/**
 * The environment of every process around the local AWS. The user's shell may hold settings for another AWS, or a proxy. None
 * of them may lead to a real account, or away from loopback.
 */
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
const inherited = ['HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'LC_CTYPE', 'LD_LIBRARY_PATH'];

/** The environment of a child process that may talk to the local AWS: these settings, and almost nothing of the shell. */
export function childEnvironment(
  settings: Readonly<Record<string, string>>,
  shell: Environment = process.env,
): Record<string, string> {
  const kept = Object.fromEntries(inherited.flatMap((name) => (shell[name] ? [[name, shell[name]]] : [])));
  // The Node of this process comes first, so that functions, bundler and CDK app run on it too.
  const path = [dirname(process.execPath), ...(shell.PATH ? [shell.PATH] : [])].join(delimiter);
  return { ...kept, PATH: path, ...noOtherAccount, ...settings };
}

/** Removes the user's AWS settings from this process: they would overrule what its AWS clients are given, or break it. */
export function removeAwsSettings(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of Object.keys(environment)) if (name.startsWith('AWS_')) delete environment[name];
  Object.assign(environment, noOtherAccount);
}

/**
 * The environment of pip, which installs with the user's index, proxy, certificates and credentials. It leaves out what
 * changes where packages are installed, or which of them pip takes for installed.
 */
export function pipEnvironment(shell: Environment = process.env): Record<string, string> {
  const elsewhere = /^(PIP_(TARGET|PREFIX|ROOT|USER|DRY_RUN)|PYTHON(HOME|PATH))$/;
  const kept = Object.entries(shell).filter(([name]) => !elsewhere.test(name));
  return { ...Object.fromEntries(kept), PIP_DISABLE_PIP_VERSION_CHECK: '1' } as Record<string, string>;
}

/**
 * A file that points a terminal to the local AWS, for `source` or `.` in sh, bash or zsh. The terminal loses its other AWS
 * settings, and keeps its proxy for everything but the local AWS.
 */
export function shellSettings({ pid, env }: { pid: number; env: Readonly<Record<string, string>> }): string {
  const exports = Object.entries(env).map(([name, value]) => `export ${name}=${quote(value)}\n`);
  // A kill of `npm start` leaves the file behind. "*" in NO_PROXY has its meaning only where it stands alone.
  return `if ! kill -0 ${pid} 2>/dev/null; then
  echo 'The local AWS of this file has ended. Start another with: npm start' >&2
  return 1
fi
eval "$(env | LC_ALL=C sed -nE 's/^((AWS|CDK)_[A-Za-z0-9_]*)=.*/unset \\1/p')"
NO_PROXY="\${no_proxy:-\${NO_PROXY:-}}"
case ",$NO_PROXY," in
  ,\\*, | *,127.0.0.1,*) ;;
  *) NO_PROXY="\${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost" ;;
esac
export NO_PROXY no_proxy="$NO_PROXY"
${exports.join('')}`;
}

/** A word that the shell takes as it is. */
function quote(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
