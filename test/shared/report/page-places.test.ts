/** The page of a fleet in several accounts and Regions. */
import { describe, expect, it } from 'vitest';
import { pageData } from '../../../shared/report/data.ts';
import { type Filter, isFiltering, noFilter, select } from '../../../shared/report/filter.ts';
import { reportPage } from '../../../shared/report/page.ts';
import { cellText } from '../../../shared/report/rows.ts';
import { givenFacts } from './given.ts';

const hub = { account: '123456789012', accountName: null, region: 'eu-west-1' };
const production = { account: '222222222222', accountName: 'Acme <production>', region: 'us-east-1' };

/** Every second database is in production. */
const several = {
  ...givenFacts({
    databases: 40,
    change: (database, index) => {
      const { account, region } = index % 2 === 1 ? production : hub;
      return { ...database, account, region };
    },
  }),
  environments: [hub, production],
};

describe('with several environments', () => {
  const page = reportPage(several);
  const data = pageData(several);

  it('account and Region stand beside each database, by the account’s name, else its id', () => {
    expect(page).toMatch(/<span class="of">[\w-]+( · cluster)? · Acme &#60;production&#62;, us-east-1<\/span>/);
    expect(page).toMatch(/<span class="of">[\w-]+( · cluster)? · 123456789012, eu-west-1<\/span>/);
    const at = data.databases.findIndex(({ place }) => place?.account === '222222222222');
    expect(cellText(data, at, 0).markup).toContain(' (Acme &#60;production&#62;, us-east-1): ');
  });

  it('both are offered as filters', () => {
    expect(page).toContain('<option value="222222222222">Acme &#60;production&#62; (222222222222)</option>');
    expect(page).toContain('<option value="123456789012">123456789012</option>');
    expect(page).toContain('<option value="us-east-1">us-east-1</option>');
  });

  it.each<[string, Partial<Filter>]>([
    ['the account', { account: '222222222222' }],
    ['the Region', { region: 'us-east-1' }],
    ['the account’s name', { search: 'acme <PRODUCTION>' }],
    ['the account’s id', { search: '222222222222' }],
    ['the Region as a word', { search: 'us-east-1' }],
  ])('databases are found by %s', (_, wanted) => {
    const filter = { ...noFilter, ...wanted };
    const found = select(data.databases, filter).map((position) => data.databases[position]?.place?.region);
    expect(found).toEqual(Array.from({ length: 20 }, () => 'us-east-1'));
    expect(isFiltering(filter)).toBe(true);
  });

  it('account and Region narrow down together', () => {
    expect(select(data.databases, { ...noFilter, account: '222222222222', region: 'eu-west-1' })).toEqual([]);
  });
});

it('with one environment the page says neither, and carries neither', () => {
  const facts = givenFacts({ databases: 3 });
  expect(reportPage(facts)).not.toMatch(/All accounts|All Regions| · 123456789012, eu-west-1<|"place"/);
});
