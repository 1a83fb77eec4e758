/** The command line on a ledger in memory, at one moment, with an AWS that answers what the test says. */
import pc from 'picocolors';
import type { Cloud, Dependencies } from '../../cli/dependencies.ts';
import { runCommandLine } from '../../cli/run.ts';
import { parseConfig } from '../../shared/config/load.ts';
import type { Alert, DatabaseRow } from '../../shared/domain/index.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';

export const account = '123456789012';
export const region = 'eu-west-1';

export const config = {
  operators: [{ email: 'ops@example.com' }],
  tenants: [
    { id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] },
    { id: 'globex', copy: { mode: 'none' }, databases: [{ id: 'shop', kind: 'instance' }] },
  ],
};

/** What a database's row keeps of its alert. */
export function named({ tenant, opened }: Alert): { readonly alert: DatabaseRow['alert'] & object } {
  return { alert: { tenant, opened } };
}

interface Given {
  readonly now: string | (() => Date);
  /** Where there is one already; by default an empty one in memory. */
  readonly ledger?: Ledger;
  readonly cloud?: Partial<Cloud>;
  readonly environment?: Record<string, string>;
  /** What a person at the terminal answers; absent: there is no terminal to ask on. */
  readonly confirm?: Dependencies['confirm'];
}

/** `run` takes a command line as it is typed; arguments in double quotes stay together. */
export function given({ now, cloud, environment = {}, ledger: known, confirm }: Given) {
  const clock = typeof now === 'string' ? () => new Date(now) : now;
  const ledger = known ?? new MemoryLedger(clock);
  const nothing = (what: string) => async () => {
    throw new Error(`the test did not expect ${what} to be asked for`);
  };
  const aws: Cloud = {
    deployment: async () => ({
      stack: 'RdsBackupLedger',
      status: 'UPDATE_COMPLETE',
      account,
      region,
      partition: 'aws',
      outputs: { LedgerTableName: 'ledger' },
    }),
    ringing: async () => [],
    sweep: nothing('a sweep'),
    cancelExport: nothing('an export to end'),
    configuration: async () => ({
      fleet: parseConfig(JSON.stringify(config), { account, region }),
      hash: 'hash of the configuration',
    }),
    report: nothing('the report'),
    examine: () => {
      throw new Error('the test did not expect an examination');
    },
    ...cloud,
  };
  const opened: string[] = [];
  const run = async (line: string, { columns = 100, coloured = false } = {}) => {
    const out: string[] = [];
    const errors: string[] = [];
    const deps: Dependencies = {
      now: clock,
      ledger: async () => ({ ledger, table: 'ledger', account, region }),
      cloud: async () => aws,
      note: (text) => errors.push(text),
      progress: () => {},
      open: async (file) => {
        opened.push(file);
      },
      user: () => 'ann',
      ...(confirm && { confirm }),
      environment,
    };
    const terminal = {
      write: async (text: string) => {
        out.push(text);
      },
      writeError: (text: string) => {
        errors.push(text);
      },
      columns,
      colours: pc.createColors(coloured),
    };
    const argv = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    const exitCode = await runCommandLine(argv, terminal, () => deps);
    return { text: out.join(''), error: errors.join(''), exitCode };
  };
  /** The facts of a command line, as `--json` prints them. */
  const facts = async (line: string) => {
    const { text, error } = await run(`${line} --json`);
    if (text === '') throw new Error(error);
    return JSON.parse(text);
  };
  return { ledger, run, facts, opened };
}
