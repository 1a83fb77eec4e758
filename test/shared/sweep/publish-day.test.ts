import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../../../shared/notifications/message.ts';
import { publishDay, reportKey } from '../../../shared/sweep/publish-day.ts';
import type { SweepRun } from '../../../shared/sweep/run.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { makeWorld, rowOf, where } from '../../support/world.ts';

const config = (alerts: object, discovery = {}) => ({
  operators: [{ email: 'operators@example.com' }],
  alerts,
  ...discovery,
  defaults: { copy: { mode: 'none' } },
  tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
});

/** A world after an ordinary night, with what `publishDay` sends and writes. */
async function given(configuration: object) {
  const table = new MemoryTable();
  const world = makeWorld({ now: '2026-11-19T12:00:00Z', config: configuration, table });
  world.rds.createInstance({ id: 'orders', created: new Date('2026-10-01T00:00:00Z') });
  await world.rds.runNight('12:00');
  const sent: OutgoingMessage[] = [];
  const written = new Map<string, string>();
  const trouble = { writing: false, publishing: false };
  const close = (result: SweepRun) =>
    publishDay(
      {
        ledger: world.ledger,
        ledgerName: 'the-ledger',
        fleet: world.state.fleet,
        publisher: {
          publish: async (message) => {
            if (trouble.publishing) throw new Error('the topic says no');
            sent.push(message);
          },
        },
        reports: {
          put: async (name, body) => {
            if (trouble.writing) throw new Error('the bucket is closed');
            written.set(name, body);
            return `https://console.example/${name}`;
          },
        },
      },
      result,
    );
  return { world, table, sent, written, trouble, close };
}

describe('after a sweep', () => {
  it('the page is written, and nobody is notified unless the digest is switched on', async () => {
    const { world, sent, written, close } = await given(config({ dailyDigest: false }));
    expect(await close(await world.sweep())).toEqual([]);
    expect([...written.keys()]).toEqual([reportKey]);
    expect(written.get(reportKey)).toContain('orders');
    expect(sent).toEqual([]);
  });

  it('the digest says that all is well, with a link to the page', async () => {
    const { world, sent, close } = await given(config({ dailyDigest: true }));
    await close(await world.sweep());
    expect(sent.map(({ subject, attributes }) => ({ subject, ...attributes }))).toEqual([
      {
        subject: 'The one database is protected',
        tenant: '*',
        severity: 'info',
        kind: 'digest',
        audience: 'operators',
      },
    ]);
    expect(sent[0]?.texts.email).toContain('https://console.example/report.html');
  });

  it('the digest says who is unprotected', async () => {
    const { world, sent, close } = await given(config({ dailyDigest: true }));
    await world.sweep();
    world.rds.skipBackups('orders', 2);
    world.rds.setLatestRestorable('orders', new Date('2026-11-20T12:00:00Z'));
    await world.rds.runNight('12:00');
    await world.rds.runNight('12:00');
    await close(await world.sweep());
    expect(sent[0]).toMatchObject({ attributes: { severity: 'critical' } });
    expect(sent[0]?.texts.email).toMatch(/critical +acme +orders/);
  });

  it('an alert whose row cannot be read is named in the digest, which lists the others', async () => {
    const { world, table, sent, close } = await given(config({ dailyDigest: true }));
    world.rds.skipBackups('orders', 2);
    world.rds.setLatestRestorable('orders', new Date('2026-11-20T12:00:00Z'));
    await world.rds.runNight('12:00');
    await world.rds.runNight('12:00');
    const swept = await world.sweep();
    const item = table.items.find(({ pk }) => pk.startsWith('ALERT#'));
    if (!item) throw new Error('expected an alert');
    await table.putAll([{ ...item, sk: '2026-11-01T00:00:00.000Z', tenantKey: 'left', alertFacts: 'written by hand' }]);
    await close(swept);
    expect(sent[0]?.texts.email).toMatch(/critical +acme +orders/);
    expect(sent[0]?.texts.email).toMatch(/left out of the report: The ledger's row\s+pk=ALERT#/);
  });

  it('neither page nor digest comes before the run that ends it', async () => {
    const { world, sent, written, close } = await given(config({ dailyDigest: true }));
    world.state.remainingMs = () => 0;
    const stopped = await world.sweep();
    expect(stopped.row.stoppedAfter).toBeDefined();
    await close(stopped);
    expect([sent.length, written.size]).toEqual([0, 0]);
    world.state.remainingMs = () => 900_000;
    await close(await world.watch());
    expect([sent.length, written.size]).toEqual([1, 1]);
  });

  it('a page that cannot be written is an error in the digest, and does not fail the run', async () => {
    const { world, sent, trouble, close } = await given(config({ dailyDigest: true }));
    trouble.writing = true;
    expect(await close(await world.sweep())).toEqual(['the report was not written: Error: the bucket is closed']);
    expect(sent[0]?.texts.email).toContain('the bucket is closed');
  });
});

describe('an exclusion by tag', () => {
  const tags = { 'backup-tenant': 'acme', 'backup-exclude': 'a copy for tests' };
  const discovery = { discovery: { allowExclusion: true } };

  it('notifies the operators once, though the digest is off', async () => {
    const { world, sent, close } = await given(config({ dailyDigest: false }, discovery));
    world.rds.createInstance({ id: 'orders-copy', tags, created: new Date('2026-11-18T00:00:00Z') });
    await close(await world.sweep());
    expect(sent).toHaveLength(1);
    expect(sent[0]?.texts.body).toMatchObject({
      newExclusions: [{ tenant: 'acme', database: 'orders-copy', reason: 'a copy for tests' }],
    });
    await close(await world.sweep());
    expect(sent).toHaveLength(1);
  });

  it('notifies them by the next sweep where an event’s check saw it first, or the message did not get out', async () => {
    const { world, sent, trouble, close } = await given(config({ dailyDigest: false }, discovery));
    world.rds.createInstance({ id: 'orders-copy', tags: { 'backup-tenant': 'acme' } });
    await close(await world.sweep());
    world.rds.setTags('orders-copy', tags);
    expect((await world.recheck({ ...where, kind: 'instance', id: 'orders-copy' })).report.counts).toEqual({
      excluded: 1,
    });
    trouble.publishing = true;
    expect(await close(await world.sweep())).toEqual([expect.stringContaining('the topic says no')]);
    trouble.publishing = false;
    await close(await world.sweep());
    await close(await world.sweep());
    expect(sent).toHaveLength(1);
    expect(sent[0]?.texts.body).toMatchObject({ newExclusions: [{ database: 'orders-copy' }] });
  });
});

describe('noting an exclusion by tag', () => {
  const tags = (reason: string) => ({ 'backup-tenant': 'acme', 'backup-exclude': reason });

  async function excluded() {
    const given_ = await given(config({ dailyDigest: false }, { discovery: { allowExclusion: true } }));
    for (const id of ['one', 'two']) given_.world.rds.createInstance({ id, tags: tags(`${id} is for tests`) });
    return { ...given_, swept: await given_.world.sweep() };
  }

  it('keeps what somebody else writes meanwhile', async () => {
    const { world, swept, close } = await excluded();
    const put = world.ledger.putDatabase.bind(world.ledger);
    let interfered = false;
    world.ledger.putDatabase = async (row) => {
      const [fresh] = await world.ledger.databases([row.key]);
      if (!interfered && fresh?.id === 'one') {
        interfered = true;
        await put({ ...fresh, engine: 'mysql' });
      }
      return put(row);
    };
    expect(await close(swept)).toEqual([]);
    expect(await rowOf(world, 'one')).toMatchObject({ engine: 'mysql', exclusion: 'one is for tests' });
  });

  it('of one whose row cannot be written fails for that one alone', async () => {
    const { world, swept, close } = await excluded();
    const { key } = await rowOf(world, 'one');
    const put = world.ledger.putDatabase.bind(world.ledger);
    world.ledger.putDatabase = async (row) => {
      if (row.key === key) throw new Error('the item is too large');
      return put(row);
    };
    expect(await close(swept)).toEqual([expect.stringMatching(/notified again later: one: Error: the item is too/)]);
    expect((await rowOf(world, 'two')).exclusion).toBe('two is for tests');
  });
});

describe('after a watch', () => {
  it('nothing is written and nobody notified', async () => {
    const { world, sent, written, close } = await given(config({ dailyDigest: true }));
    await world.sweep();
    expect(await close(await world.watch())).toEqual([]);
    expect([sent.length, written.size]).toEqual([0, 0]);
  });
});
