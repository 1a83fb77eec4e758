import { describe, expect, it } from 'vitest';
import { checkSpokes } from '../../cli/doctor/spokes.ts';
import type { FleetEnvironment } from '../../shared/config/index.ts';
import type { EnvironmentRow } from '../../shared/domain/index.ts';
import { at } from '../shared/ledger/rows.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';

const now = at('2026-11-23T12:30:00.000Z');
const hub = { account: '123456789012', region: 'eu-west-1', events: true, stackBuckets: [] };
const spoke: FleetEnvironment = {
  account: '222222222222',
  region: 'us-east-1',
  accountName: 'Acme production',
  events: true,
  stackBuckets: [],
};
const { account, region } = spoke;

async function examined(row: Partial<EnvironmentRow> | undefined, one = spoke) {
  const ledger = new MemoryLedger(() => now);
  if (row) await ledger.putEnvironment({ account, region, ...row });
  return checkSpokes({ ledger, account: hub.account, region: hub.region, table: 'ledger' }, [hub, one], now);
}

const read = { sweptAt: at('2026-11-23T12:00:00Z'), lastEventAt: at('2026-11-23T11:40:00Z') };
const trouble = { code: 'unread', since: at('2026-11-23T06:00:00Z'), severity: 'warning' } as const;

describe('doctor has a line for each spoke', () => {
  it.each([
    [
      'was read, and sends events',
      read,
      'ok',
      'read by the sweep of 2026-11-23 12:00 UTC, last event 2026-11-23 11:40 UTC',
    ],
    ['never sent one', { sweptAt: read.sweptAt }, 'ok', 'no event has arrived yet'],
    ['is new', undefined, 'warning', 'no sweep has read it yet, no event has arrived yet'],
    ['was not read of late', { ...read, sweptAt: at('2026-11-21T12:00:00Z') }, 'warning', 'sweep of 2026-11-21'],
    ['cannot be read', { ...read, trouble }, 'warning', 'cannot be read since 2026-11-23 06:00 UTC'],
    [
      'could not be read for long',
      { ...read, trouble: { ...trouble, severity: 'critical' } },
      'problem',
      'cannot be read',
    ],
    [
      'can be read again, which is still to be sent',
      { ...read, trouble: { ...trouble, ended: 'over' } },
      'ok',
      'read by',
    ],
  ] as const)('that %s', async (_, row, kind, found) => {
    const [line, ...others] = await examined(row);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ check: 'spokes', kind, found: expect.stringContaining(found) });
    expect(line?.found).toMatch(/^Acme production \(222222222222\), us-east-1: /);
    expect(line?.cure === null).toBe(kind === 'ok');
  });

  it('that forwards no events, and says so', async () => {
    const [line] = await examined({ sweptAt: read.sweptAt }, { ...spoke, events: false });
    expect(line?.found).toContain('its events are not forwarded');
  });

  it.each([
    ['AccessDenied: not authorized to perform: sts:AssumeRole', 'Deploy the spoke in account 222222222222, us-east-1'],
    ['RegionDisabledException: STS is not activated', 'Enable the Region us-east-1 in account 222222222222'],
    ['InvalidClientTokenId: The security token is invalid', 'Enable the Region us-east-1 in account 222222222222'],
    ['ThrottlingException: Rate exceeded', 'see what else calls RDS there'],
    ['InternalFailure', 'follow the runbook'],
  ])('whose cure fits what AWS said: %s', async (error, cure) => {
    const [line] = await examined({ ...read, trouble: { ...trouble, error } });
    expect(line?.cure).toContain(cure);
  });

  it('and none without spokes', async () => {
    const ledger = new MemoryLedger(() => now);
    expect(
      await checkSpokes({ ledger, account: hub.account, region: hub.region, table: 'ledger' }, [hub], now),
    ).toEqual([]);
  });
});
