import type { FleetEnvironment } from '../../shared/config/index.ts';
import { environmentText, formatEnvironment, sameEnvironment } from '../../shared/domain/index.ts';
import { addHours, formatUtc } from '../../shared/lib/time.ts';
import { environmentCure, environmentState } from '../../shared/reasons/index.ts';
import type { DeployedLedger } from '../dependencies.ts';
import type { DoctorFinding } from './finding.ts';

/** The sweep is daily. */
const sweptWithinHours = 26;

/**
 * What the ledger knows of each spoke: whoever runs this has no credentials of its account, so what the functions met there counts. A
 * sweep proves role, Region and reading; an event that arrived proves rule, forwarding role and the bus's policy.
 */
export async function checkSpokes(
  { ledger, account, region }: DeployedLedger,
  environments: readonly FleetEnvironment[],
  now: Date,
): Promise<DoctorFinding[]> {
  const spokes = environments.filter((one) => !sameEnvironment(one, { account, region }));
  if (spokes.length === 0) return [];
  const rows = new Map((await ledger.environments()).map((row) => [formatEnvironment(row), row]));
  return spokes.map((spoke): DoctorFinding => {
    const { trouble, sweptAt, lastEventAt } = rows.get(formatEnvironment(spoke)) ?? {};
    const swept = sweptAt === undefined ? 'no sweep has read it yet' : `read by the sweep of ${formatUtc(sweptAt)}`;
    const heard = !spoke.events
      ? 'its events are not forwarded'
      : lastEventAt === undefined
        ? 'no event has arrived yet'
        : `last event ${formatUtc(lastEventAt)}`;
    const found = (more: string) => `${environmentText(spoke)}: ${more}${swept}, ${heard}`;
    if (trouble !== undefined && trouble.ended === undefined) {
      return {
        check: 'spokes',
        kind: trouble.severity === 'critical' ? 'problem' : 'warning',
        found: found(`${environmentState(trouble)} since ${formatUtc(trouble.since)}; `),
        cure: environmentCure(spoke, trouble),
      };
    }
    if (sweptAt !== undefined && addHours(sweptAt, sweptWithinHours) >= now) {
      return { check: 'spokes', kind: 'ok', found: found(''), cure: null };
    }
    const deploy = 'Deploy its spoke (npx cdk deploy --all), then run "sweep".';
    return { check: 'spokes', kind: 'warning', found: found(''), cure: deploy };
  });
}
