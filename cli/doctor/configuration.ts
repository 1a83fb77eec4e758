import {
  configHash,
  type Fleet,
  sharedWithoutTenant,
  tenantsDatabases,
  tenantsWithoutDatabase,
} from '../../shared/config/index.ts';
import type { Ledger } from '../../shared/ledger/index.ts';
import { formatAge } from '../../shared/lib/time.ts';
import { doubtsOf, lastSweep, runFacts } from '../../shared/read-model/index.ts';
import { databasesText } from '../environment-counts.ts';
import type { DoctorFinding } from './finding.ts';

interface Deployed {
  readonly fleet: Fleet;
  readonly hash: string;
}

/** Compares the deployed configuration with the file that it should come from. */
export function checkConfiguration(
  { fleet, hash }: Deployed,
  local: { readonly text: string; readonly name: string } | undefined,
): DoctorFinding[] {
  const check = 'configuration';
  const what = `${fleet.tenants.length} tenants, ${databasesText(fleet.databases)} (${hash.slice(0, 8)})`;
  const warnings = [...tenantsLeftOut(fleet), ...sharedWithoutTenant(fleet)].map(
    (found): DoctorFinding => ({
      check,
      kind: 'warning',
      found,
      cure: 'If it is not meant, correct it in the file and deploy.',
    }),
  );
  if (local === undefined) {
    const found = `deployed: ${what}; compared with no file`;
    return [{ check, kind: 'ok', found, cure: null }, ...warnings];
  }
  if (configHash(local.text) === hash) {
    return [{ check, kind: 'ok', found: `deployed as it is in ${local.name}: ${what}`, cure: null }, ...warnings];
  }
  const found = `${local.name} (${configHash(local.text).slice(0, 8)}) is not what is deployed (${hash.slice(0, 8)})`;
  const cure = `Deploy it ("npx cdk deploy -c config=${local.name}"), or name the file that was deployed: --config <file>.`;
  return [{ check, kind: 'problem', found, cure }];
}

/** Tenants that list databases, and all of them are excluded. One that lists none may have some by tag. */
function tenantsLeftOut(fleet: Fleet): string[] {
  const listed = new Set(tenantsDatabases(fleet.databases).map(({ tenant }) => tenant));
  return tenantsWithoutDatabase({ ...fleet, tenants: fleet.tenants.filter(({ id }) => listed.has(id)) });
}

/** Whether messages are held back, as they are for a while where the ledger was restored. */
export function checkNotifications({ adopt }: Pick<Fleet, 'adopt'>, now: Date): DoctorFinding[] {
  if (adopt?.notifyFrom === undefined || new Date(adopt.notifyFrom) <= now) return [];
  const found = `nobody is notified before ${adopt.notifyFrom} (adopt.notifyFrom)`;
  const cure =
    'It is for a restored ledger alone: take it out of the configuration, and deploy, to be notified at once.';
  return [{ check: 'notifications', kind: 'warning', found, cure }];
}

/** Whether sweeps run, and with the deployed configuration. */
export async function checkSweeps(ledger: Ledger, { hash }: Deployed, now: Date): Promise<DoctorFinding[]> {
  const check = 'sweeps';
  const [sweep, watch] = await Promise.all([lastSweep(ledger, now), ledger.lastWatch()]);
  const runs = { sweep: sweep && runFacts(sweep), watch: watch && runFacts(watch), alerts: [] };
  const cure = 'See the logs of the sweep function, and "alarms" and "dead letters" below; "sweep" runs one now.';
  const findings: DoctorFinding[] = doubtsOf(runs, now).map((found) => ({ check, kind: 'problem', found, cure }));
  if (sweep === undefined) return findings;
  if (sweep.configHash !== hash) {
    findings.push({
      check,
      kind: 'warning',
      found: `the last sweep evaluated another configuration (${sweep.configHash.slice(0, 8)}) than is deployed (${hash.slice(0, 8)})`,
      cure: 'Run "sweep" to evaluate the deployed one now, or wait for the next.',
    });
  }
  // A refusal is not among the errors: the right is optional.
  if (sweep.jobsUnread !== undefined && !sweep.errors.includes(sweep.jobsUnread)) {
    findings.push({
      check,
      kind: 'warning',
      found: `${sweep.jobsUnread}. Nobody is notified of jobs that fail, and awsBackupGraceHours stands for their start windows`,
      cure: 'Let the roles of the sweep and the record function do backup:ListBackupJobs: a policy of the organization or a boundary may deny it.',
    });
  }
  for (const error of sweep.errors.slice(0, 5)) {
    findings.push({ check, kind: 'warning', found: `the last sweep reported: ${error}`, cure });
  }
  if (findings.length > 0) return findings;
  const age = formatAge(now.getTime() - (sweep.finished ?? sweep.started).getTime());
  return [{ check, kind: 'ok', found: `the last one ended ${age} ago and is complete`, cure: null }];
}
