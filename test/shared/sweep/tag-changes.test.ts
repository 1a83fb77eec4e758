import { describe, expect, it } from 'vitest';
import { internalFailure } from '../../../local/rds/faults.ts';
import type { OutgoingMessage } from '../../../shared/notifications/message.ts';
import { publishDay } from '../../../shared/sweep/publish-day.ts';
import type { SweepRun } from '../../../shared/sweep/run.ts';
import { alertOf, counting, makeWorld, rowOf, where } from '../../support/world.ts';

const configuration = (discovery: object = {}, others: object = {}) => ({
  operators: [{ email: 'operators@example.com' }],
  defaults: { bucket: { type: 'shared' } },
  discovery,
  tenants: [
    { id: 'acme', recipients: [{ email: 'oncall@acme.example.com' }], databases: [] },
    { id: 'globex', recipients: [{ email: 'oncall@globex.example.com' }], databases: [] },
  ],
  ...others,
});

const acme = { 'backup-tenant': 'acme' };
const crmName = { ...where, kind: 'instance', id: 'crm' } as const;

/** acme's database `crm`, enrolled by these tags and swept once; what operators got then is taken away. */
async function given(discovery: object = {}, tags: Record<string, string> = acme, others: object = {}) {
  const calls: Record<string, number> = {};
  const world = makeWorld({
    now: '2026-11-19T12:00:00Z',
    config: configuration(discovery, others),
    between: (ledger) => counting(ledger, calls),
  });
  world.rds.createInstance({ id: 'crm', tags, created: new Date('2026-10-01T00:00:00Z') });
  await world.rds.runNight('12:00');
  const sent: OutgoingMessage[] = [];
  const files = new Map<string, string>();
  const trouble = { publishing: false };
  const close = async (run: SweepRun): Promise<string[]> => {
    const { ledger, state } = world;
    const publisher = {
      publish: async (message: OutgoingMessage) => {
        if (trouble.publishing) throw new Error('the topic says no');
        sent.push(message);
      },
    };
    const reports = {
      put: async (name: string, body: string) => {
        files.set(name, body);
        return `https://reports.example/${name}`;
      },
    };
    await publishDay({ ledger, ledgerName: 'the-ledger', fleet: state.fleet, publisher, reports }, run);
    return sent.splice(0).flatMap(linesOf);
  };
  /** A sweep as its handler runs it; answers with the lines about tags that operators got. */
  const sweep = async () => close(await world.sweep());
  await sweep();
  world.news();
  return { ...world, calls, sent, files, trouble, close, sweep, run: world.sweep };
}

/** What a message says of tags, a line each. */
function linesOf({ texts }: OutgoingMessage): string[] {
  const [, list = ''] = /^Changed by tag: .*\n((?: {2}.*\n)*)/m.exec(String(texts.email)) ?? [];
  return list.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()]));
}

const taggedAway: [what: string, discovery: object, tags: Record<string, string>, line: string][] = [
  ['removed', {}, {}, 'crm (acme): no longer watched, since its tag was removed: nobody is alerted of it any more'],
  [
    'that excludes',
    { allowExclusion: true },
    { ...acme, 'backup-exclude': 'a copy' },
    'crm (acme): excluded, so nobody is alerted of it: a copy',
  ],
  [
    'of another tenant',
    {},
    { 'backup-tenant': 'globex' },
    "crm (globex): moved from tenant acme to tenant globex: that one's recipients get its alerts now",
  ],
  [
    'of a tenant that nobody listed',
    {},
    { 'backup-tenant': 'acmee' },
    'crm (acmee): moved from tenant acme to tenant acmee: the configuration does not list that one, so operators alone get its alerts',
  ],
  [
    'of a longer age',
    {},
    { ...acme, 'backup-max-age-hours': '48' },
    'crm (acme): overdue only after 48 h, instead of 24 h',
  ],
  [
    'of no copies',
    {},
    { ...acme, 'backup-copy': 'none' },
    'crm (acme): not copied to S3 (copy mode none instead of export)',
  ],
  [
    'whose exclusion is not allowed',
    {},
    { ...acme, 'backup-exclude': 'mine' },
    'crm (acme): tag backup-exclude is "mine"; it is not honoured, since discovery.allowExclusion is not set. The database is watched',
  ],
  [
    'whose copy mode is wrong',
    {},
    { ...acme, 'backup-copy': 'glacier' },
    'crm (acme): tag backup-copy is "glacier"; it must be export or none, or object where defaults.copy.staging is configured. The default of export applies',
  ],
  [
    'whose tenant is wrong',
    {},
    { 'backup-tenant': 'Acme Inc/DE' },
    'crm (acme): tag backup-tenant is "Acme Inc/DE"; a tenant must be 1-63 letters, digits, dots, underscores and hyphens, and begin with a letter or digit. It is watched on for tenant acme until that is put right',
  ],
  [
    'whose removal is not allowed',
    { allowRemoval: false },
    {},
    'crm (acme): tag backup-tenant was removed; discovery.allowRemoval is off. The database is watched on for tenant acme',
  ],
  [
    'whose other tenant is not allowed',
    { allowTenantChange: false },
    { 'backup-tenant': 'globex' },
    'crm (acme): tag backup-tenant is "globex"; discovery.allowTenantChange is off. The database stays with tenant acme',
  ],
  [
    'whose longer age is not allowed',
    { allowLongerAge: false },
    { ...acme, 'backup-max-age-hours': '48' },
    'crm (acme): tag backup-max-age-hours is "48"; discovery.allowLongerAge is off. The default of 24 applies',
  ],
  [
    'of no copies, which is not allowed',
    { allowNoCopies: false },
    { ...acme, 'backup-copy': 'none' },
    'crm (acme): tag backup-copy is "none"; discovery.allowNoCopies is off. The default of export applies',
  ],
];

describe('a tag', () => {
  it.each(taggedAway)('%s is notified once', async (_, discovery, tags, line) => {
    const { rds, sweep } = await given(discovery);
    rds.setTags('crm', tags);
    expect(await sweep()).toEqual([line]);
    expect(await sweep()).toEqual([]);
    await rds.runNight('12:00');
    expect(await sweep()).toEqual([]);
  });

  it.each(taggedAway)(
    '%s is notified again where the message did not get out, and then no more',
    async (_, discovery, tags, line) => {
      const { rds, sweep, trouble } = await given(discovery);
      rds.setTags('crm', tags);
      trouble.publishing = true;
      expect([await sweep(), await sweep()]).toEqual([[], []]);
      trouble.publishing = false;
      expect([await sweep(), await sweep()]).toEqual([[line], []]);
    },
  );

  it.each(taggedAway)(
    '%s is notified by the next sweep where an event’s check saw it first',
    async (_, discovery, tags, line) => {
      const { rds, sweep, recheck } = await given(discovery);
      rds.setTags('crm', tags);
      await recheck(crmName);
      expect([await sweep(), await sweep()]).toEqual([[line], []]);
    },
  );

  it.each(taggedAway)('%s and taken back is notified anew when it comes again', async (_, discovery, tags, line) => {
    const { rds, sweep } = await given(discovery);
    for (const lines of [[line], [line]]) {
      rds.setTags('crm', tags);
      expect(await sweep()).toEqual(lines);
      rds.setTags('crm', acme);
      // Back from another tenant is to another tenant, too.
      expect((await sweep()).filter((one) => !one.includes('to tenant acme:'))).toEqual([]);
    }
  });

  it.each(taggedAway.filter(([what]) => !/removed|tenant|removal/.test(what)))(
    '%s is notified of a database that is met for the first time',
    async (_, discovery, tags, line) => {
      const { rds, sweep } = await given(discovery);
      rds.createInstance({ id: 'new', tags });
      expect([await sweep(), await sweep()]).toEqual([[line.replace('crm', 'new')], []]);
    },
  );

  it('removed is notified of a database that only an event had met', async () => {
    const { rds, sweep } = await given();
    rds.createInstance({ id: 'new', tags: acme });
    rds.takeBackup('new', { id: 'rds:first', kind: 'automated', durationMinutes: 0 });
    await rds.settle();
    rds.setTags('new', {});
    expect([await sweep(), await sweep()]).toEqual([
      ['new (acme): no longer watched, since its tag was removed: nobody is alerted of it any more'],
      [],
    ]);
  });

  it('whose tenant is wrong is notified of a database that nobody enrolled', async () => {
    const { rds, sweep } = await given();
    rds.createInstance({ id: 'new', tags: { 'backup-tenant': '' } });
    expect(await sweep()).toEqual([
      expect.stringMatching(/^new: tag backup-tenant is ""; .*The database is not watched until that is put right$/),
    ]);
    expect(await sweep()).toEqual([]);
  });

  it('of an age beyond the limit is cut, and notified as both', async () => {
    const { rds, sweep } = await given({ maxAgeHoursLimit: 72 });
    rds.setTags('crm', { ...acme, 'backup-max-age-hours': '500' });
    expect(await sweep()).toEqual([
      'crm (acme): overdue only after 72 h, instead of 24 h',
      'crm (acme): tag backup-max-age-hours is "500"; the most that a tag may ask for is 72, and that applies',
    ]);
    expect(await sweep()).toEqual([]);
  });

  it('towards more watching needs no message', async () => {
    const { rds, sweep } = await given(
      { allowExclusion: true },
      {
        ...acme,
        'backup-max-age-hours': '48',
        'backup-copy': 'none',
        'backup-exclude': 'for tests',
      },
    );
    rds.setTags('crm', { ...acme, 'backup-max-age-hours': '12' });
    rds.createInstance({ id: 'new', tags: { 'backup-tenant': 'globex', 'backup-max-age-hours': '6' } });
    expect(await sweep()).toEqual([]);
  });

  it('that let a database be watched more closely than the default is missed when it is gone', async () => {
    const { rds, sweep } = await given({}, { ...acme, 'backup-max-age-hours': '12' });
    rds.setTags('crm', { ...acme, 'backup-max-age-hours': '18' });
    expect(await sweep()).toEqual(['crm (acme): overdue only after 18 h, instead of 12 h']);
    rds.setTags('crm', acme);
    expect([await sweep(), await sweep()]).toEqual([['crm (acme): overdue only after 24 h, instead of 18 h'], []]);
  });

  it('that let a database be copied against the default is missed when it is gone', async () => {
    const defaults = { defaults: { bucket: { type: 'shared' }, copy: { mode: 'none' } } };
    const { rds, sweep } = await given({}, { ...acme, 'backup-copy': 'export' }, defaults);
    rds.setTags('crm', acme);
    expect([await sweep(), await sweep()]).toEqual([
      ['crm (acme): not copied to S3 (copy mode none instead of export)'],
      [],
    ]);
  });
});

describe('what is no change by tag', () => {
  it('another default of the configuration', async () => {
    const world = await given();
    const defaults = { bucket: { type: 'shared' }, maxAgeHours: 48, copy: { mode: 'none' } };
    world.configure(configuration({}, { defaults }));
    expect(await world.sweep()).toEqual([]);
  });

  it('the configuration lists the database, or does without discovery', async () => {
    const world = await given();
    world.rds.setTags('crm', {});
    world.configure(
      configuration({}, { tenants: [{ id: 'globex', databases: [{ id: 'crm', kind: 'instance', maxAgeHours: 99 }] }] }),
    );
    expect(await world.sweep()).toEqual([]);
    const other = await given();
    other.configure(configuration({}, { discovery: undefined }));
    expect(await other.sweep()).toEqual([]);
  });

  it('RDS does not answer for a while, or the database is deleted', async () => {
    const world = await given(
      { allowExclusion: true },
      { ...acme, 'backup-max-age-hours': '48', 'backup-copy': 'none' },
    );
    world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    expect(await world.sweep()).toEqual([]);
    expect((await rowOf(world, 'crm')).verdict).toBe('unknown');
    expect(await world.sweep()).toEqual([]);
    world.rds.delete('crm');
    await world.rds.settle();
    expect([await world.sweep(), await world.sweep()]).toEqual([[], []]);
  });

  it('an exclusion that a row of the former format remembers', async () => {
    const world = await given({ allowExclusion: true }, { ...acme, 'backup-exclude': 'for tests' });
    const { knownTags, ...row } = await rowOf(world, 'crm');
    expect([knownTags, row.exclusion]).toEqual([undefined, 'for tests']);
    expect(await world.sweep()).toEqual([]);
  });
});

describe('what a later version knows of tags', () => {
  it('stays on the row, through a notice as well', async () => {
    const world = await given();
    const later = { retention: 'a year' };
    await world.ledger.putDatabase({ ...(await rowOf(world, 'crm')), knownTags: later as object });
    world.rds.setTags('crm', { ...acme, 'backup-max-age-hours': '48' });
    await world.run();
    expect((await rowOf(world, 'crm')).knownTags).toEqual(later);
    expect(await world.sweep()).toHaveLength(1);
    expect((await rowOf(world, 'crm')).knownTags).toEqual({ ...later, maxAgeHours: 48 });
  });
});

describe('a change that is forbidden', () => {
  it('of the tenant leaves alerts with the one who got them before, and copies as they were', async () => {
    const world = await given({ allowTenantChange: false });
    world.rds.setTags('crm', { 'backup-tenant': 'globex' });
    world.rds.takeBackup('crm', { id: 'rds:by-event', kind: 'automated', durationMinutes: 0 });
    await world.rds.runNight('12:00');
    await world.sweep();
    const { key } = await rowOf(world, 'crm');
    const backups = await world.ledger.backups(await world.ledger.liveBackups(key));
    expect(backups.length).toBeGreaterThan(1);
    expect(backups.every(({ tenant, copy: { cause } }) => tenant === 'acme' && cause?.code !== 'owner-changed')).toBe(
      true,
    );
    world.rds.skipBackups('crm', 3);
    for (const _ of [1, 2]) await world.rds.runNight('12:00');
    await world.sweep();
    expect(await alertOf(world, 'crm')).toMatchObject({ tenant: 'acme', verdict: 'overdue' });
  });

  it('of the tenant is not to be had in two steps', async () => {
    const { rds, sweep, ...world } = await given({ allowTenantChange: false });
    rds.setTags('crm', {});
    expect(await sweep()).toHaveLength(1);
    rds.setTags('crm', { 'backup-tenant': 'globex' });
    expect(await sweep()).toEqual([expect.stringContaining('The database stays with tenant acme')]);
    expect((await rowOf(world, 'crm')).tenant).toBe('acme');
  });

  it('of the tenant is not to be had by taking another database’s name', async () => {
    const world = await given({ allowTenantChange: false });
    world.rds.createInstance({ id: 'other', tags: acme });
    await world.sweep();
    const { key } = await rowOf(world, 'crm');
    world.rds.delete('other');
    world.rds.rename('crm', 'other');
    world.rds.setTags('other', { 'backup-tenant': 'globex' });
    await world.recheck({ ...where, kind: 'instance', id: 'other' });
    expect(await world.ledger.databases([key])).toMatchObject([{ id: 'other', tenant: 'acme' }]);
  });

  it('is followed, and notified as what it is, once it is allowed', async () => {
    const world = await given({ allowTenantChange: false });
    world.rds.setTags('crm', { 'backup-tenant': 'globex' });
    await world.sweep();
    world.configure(configuration());
    expect([await world.sweep(), await world.sweep()]).toEqual([
      [expect.stringContaining('moved from tenant acme to tenant globex')],
      [],
    ]);
  });

  it('of enrolment has the database watched on: its alerts open and end as ever', async () => {
    const world = await given({ allowRemoval: false });
    world.rds.setTags('crm', {});
    world.rds.skipBackups('crm', 1);
    await world.rds.runNight('12:00');
    const { report } = await world.run();
    expect(report.unconfigured).toEqual([]);
    expect(world.news()).toEqual(['open crm overdue warning']);
    await world.rds.runNight('12:00');
    await world.run();
    expect(world.news()).toEqual(['resolve crm overdue warning']);
  });
});

describe('the end of an alert whose database left by its tag', () => {
  it('does not read as if all were well', async () => {
    const world = await given();
    world.rds.skipBackups('crm', 1);
    await world.rds.runNight('12:00');
    await world.sweep();
    world.published.splice(0);
    world.rds.setTags('crm', {});
    await world.sweep();
    const [message] = world.published;
    expect(message?.subject).toBe('CLOSED acme: 1 database no longer alerted (crm)');
    expect(message?.texts.email).toContain('The tag that enrolled the database was removed: it is no longer watched');
    expect(`${message?.texts.email}${JSON.stringify(message?.texts.chat)}`).not.toMatch(/RESOLVED|white_check_mark/);
  });
});

describe('five hundred databases at once', () => {
  async function many(count: number) {
    const world = await given();
    for (let n = 0; n < count; n += 1) world.rds.createInstance({ id: `db-${n}`, tags: acme });
    await world.sweep();
    const retag = (tags: Record<string, string>) => {
      for (let n = 0; n < count; n += 1) world.rds.setTags(`db-${n}`, tags);
    };
    return { ...world, retag };
  }

  it('are one message of bounded length, with a file that names them all', async () => {
    const { retag, run: sweepOnce, close, sent, files } = await many(500);
    retag({});
    const swept = await sweepOnce();
    let messages = 0;
    const push = sent.push.bind(sent);
    sent.push = (...some) => {
      messages += some.length;
      return push(...some);
    };
    expect(await close(swept)).toHaveLength(51);
    expect(messages).toBe(1);
    const [name, list = ''] = [...files].at(-1) ?? [];
    expect(name).toMatch(/^tags\//);
    expect(list.trim().split('\n')).toHaveLength(500);
  });

  it('cost a read and a write each when they are noted, and nothing more when nothing changed', async () => {
    const world = await many(20);
    const count = async () => {
      for (const name of Object.keys(world.calls)) delete world.calls[name];
      await world.sweep();
      return { ...world.calls };
    };
    const quiet = await count();
    world.retag({ ...acme, 'backup-max-age-hours': '48' });
    await count();
    expect(await count()).toEqual(quiet);
  });
});
