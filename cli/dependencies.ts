/** The dependencies of commands. Each is created on first use: `--help` needs no AWS. */
import type { Fleet } from '../shared/config/index.ts';
import type { StackOutputs } from '../shared/contract.ts';
import type { Environment } from '../shared/domain/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { RingingAlarm } from '../shared/read-model/index.ts';
import type { SweepReport } from '../shared/sweep/index.ts';
import type { DoctorFinding } from './doctor/finding.ts';

export interface Dependencies {
  readonly now: () => Date;
  ledger(): Promise<DeployedLedger>;
  cloud(): Promise<Cloud>;
  /** Shows what the command waits for, on a terminal only. */
  readonly progress: (text: string) => void;
  /** Writes a note to the standard error, so that it stays out of the result. */
  readonly note: (text: string) => void;
  /** Asks a question that is answered with yes or no. Absent where there is no terminal to ask on. */
  readonly confirm?: (question: string) => Promise<boolean>;
  /** Opens a file with the desktop's default program. */
  readonly open: (file: string) => Promise<void>;
  /** Who is at the keyboard, for acknowledgements. */
  readonly user: () => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The ledger of the deployed stack, with the account and Region that it is in. */
export interface DeployedLedger extends Environment {
  readonly ledger: Ledger;
  /** The table's name. */
  readonly table: string;
}

/** The deployed stack, with its outputs. */
export interface Deployment extends Environment {
  readonly stack: string;
  /** CloudFormation's word for how its last deployment went. */
  readonly status: string;
  /** `aws`, `aws-cn`, ... */
  readonly partition: string;
  readonly outputs: StackOutputs;
}

/** What commands need of AWS besides the ledger. Errors that the user can fix are `UserError`s. */
export interface Cloud {
  deployment(): Promise<Deployment>;
  /** Alarms of the stack that ring. */
  ringing(): Promise<RingingAlarm[]>;
  /** Runs the sweep function and waits for its report. */
  sweep(request: Readonly<Record<string, unknown>>): Promise<SweepReport>;
  /** Ends an export of the ledger's account. */
  cancelExport(taskId: string, region: string): Promise<void>;
  /** The configuration the functions use, resolved, with the SHA-256 of its bytes. */
  configuration(): Promise<{ readonly fleet: Fleet; readonly hash: string }>;
  /** An object of the report bucket as text, or undefined where it has none of that name. */
  report(key: string): Promise<string | undefined>;
  /** Checks the deployment and yields the findings. */
  examine(options: { readonly local?: { readonly text: string; readonly name: string } }): AsyncIterable<DoctorFinding>;
}
