/** What commands are built of. Everything behind it is made when it is first asked for: `--help` needs no AWS. */
import type { Fleet } from '../shared/config/index.ts';
import type { Environment } from '../shared/domain/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { RingingAlarm } from '../shared/read-model/index.ts';
import type { SweepReport } from '../shared/sweep/index.ts';
import type { Finding } from './doctor/finding.ts';

export interface Parts {
  readonly now: () => Date;
  ledger(): Promise<DeployedLedger>;
  cloud(): Promise<Cloud>;
  /** Says what is being waited for, on a terminal only. */
  readonly progress: (text: string) => void;
  /** Says something beside the answer: on the standard error, so that the answer stays as it is. */
  readonly note: (text: string) => void;
  /** Opens a file with what the desktop opens it with. */
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

/** The deployed stack, as its outputs name its parts. */
export interface Deployment extends Environment {
  readonly stack: string;
  /** CloudFormation's word for how its last deployment went. */
  readonly status: string;
  /** `aws`, `aws-cn`, ... */
  readonly partition: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** What commands ask of AWS beside the ledger. Errors that a person can put right are `UserError`s. */
export interface Cloud {
  deployment(): Promise<Deployment>;
  /** Alarms of the stack that ring. */
  ringing(): Promise<RingingAlarm[]>;
  /** Runs the sweep function and waits for its report. */
  sweep(request: Readonly<Record<string, unknown>>): Promise<SweepReport>;
  cancelExport(taskId: string): Promise<void>;
  /** The configuration the functions use, resolved, with the SHA-256 of its bytes. */
  configuration(): Promise<{ readonly fleet: Fleet; readonly hash: string }>;
  /** An object of the report bucket as text, or undefined where it has none of that name. */
  report(key: string): Promise<string | undefined>;
  /** Looks for what is wrong with the deployment, a finding a time. */
  examine(options: { readonly local?: { readonly text: string; readonly name: string } }): AsyncIterable<Finding>;
}
