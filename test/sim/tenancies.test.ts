import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from '../../shared/notifications/index.ts';
import { foreignIn, playShared } from '../../sim/tenancies.ts';

/** Sixteen hosts for a month take a minute: `npm run sim -- --shared`. */
it.each([1, 2, 3])(
  'each tenant of a shared database knows of its own backups, and of nobody else: seed %d',
  async (seed) => {
    const outcome = await playShared({ seed, hosts: 4, days: 8 });
    expect(outcome.problem).toBeUndefined();
    expect(outcome.toTenants).toBeGreaterThan(100);
    expect(outcome.toOperators).toBeLessThan(outcome.toTenants);
  },
  120_000,
);

describe('the search for others in a message to a tenant', () => {
  const message = {
    subject: 'CRITICAL cust-0001: 1 database overdue (pool-1)',
    texts: { email: 'The database pool-1 of cust-0001', body: {} } as OutgoingMessage['texts'],
    attributes: { tenant: 'cust-0001', severity: 'critical', kind: 'backup-missing', audience: 'tenant' },
  } as const;

  it.each([
    ['another tenant', 'of cust-0002'],
    ['the owner of a shared database', 'of shared:pool-1'],
    ['how many tenants there are', 'with 12 tenants'],
    ['how many others there are', 'and 11 other tenants'],
  ])('finds %s', (_, text) => {
    expect(foreignIn('cust-0001', message)).toBeUndefined();
    expect(foreignIn('cust-0001', { ...message, subject: text })).toBeDefined();
    expect(foreignIn('cust-0001', { ...message, texts: { ...message.texts, email: text } })).toBeDefined();
    expect(foreignIn('cust-0001', { ...message, texts: { ...message.texts, body: { more: { text } } } })).toBeDefined();
  });
});
