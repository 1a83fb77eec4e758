/** Every code of the four tables, through the renderer that it has. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  type Alert,
  type Cause,
  type Closing,
  type CopyCause,
  causes,
  closings,
  copyCauses,
  copyStates,
  type Finding,
  type Resolution,
  resolutions,
  verdictNames,
} from '../../../shared/domain/index.ts';
import {
  closedReasonOf,
  copyReasonOf,
  type Reader,
  reasonOf,
  resolutionOf,
  sentenceOf,
} from '../../../shared/reasons/index.ts';

const now = new Date('2026-11-23T12:00:00Z');
const audiences: readonly Reader['audience'][] = ['operators', 'tenant'];
const subject = { id: 'orders', kind: 'instance', evaluatedAt: now } as const;
const sentences = /^[A-Z][\x20-\x7e]*\.$/;
/** Reasons of copies and of closed backups follow a colon or stand in a column. */
const phrase = /^\S[\x20-\x7e]*\S$/;

interface Sample {
  readonly code: string;
  readonly facts: Record<string, unknown>;
}

type Table = Readonly<Record<string, { readonly facts: z.ZodObject }>>;

/** Each code of a table with all its facts, and where some may be missing, without those. */
function samplesOf(table: Table): Sample[] {
  return Object.entries(table).flatMap(([code, { facts }]) => {
    const all = Object.entries(facts.shape);
    const always = all.filter(([, fact]) => !(fact instanceof z.ZodExactOptional));
    return (always.length < all.length ? [all, always] : [all]).map((fields) => ({
      code,
      facts: Object.fromEntries(fields.map(([name, fact]) => [name, sample(fact as z.ZodType)])),
    }));
  });
}

function sample(fact: z.ZodType): unknown {
  if (fact instanceof z.ZodExactOptional) return sample(fact.unwrap() as z.ZodType);
  if (fact instanceof z.ZodISODateTime) return '2026-11-23T04:10:00.000Z';
  if (fact instanceof z.ZodNumber) return 2;
  if (fact instanceof z.ZodReadonly) return sample(fact.unwrap() as z.ZodType);
  if (fact instanceof z.ZodArray) return [sample(fact.element as z.ZodType)];
  if (fact instanceof z.ZodObject) {
    return Object.fromEntries(Object.entries(fact.shape).map(([name, inner]) => [name, sample(inner as z.ZodType)]));
  }
  return 'globex-1';
}

function alertEndedBy(resolution: Sample): Alert {
  return {
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    opened: now,
    verdict: 'overdue',
    severity: 'critical',
    cause: null,
    notes: [],
    notified: [],
    resolved: now,
    resolution: resolution as unknown as Resolution,
  };
}

describe.each(audiences)('for %s, whole sentences on one line are made of', (audience) => {
  const reader = { now, audience };

  it.each(samplesOf(causes))('$code $facts', (one) => {
    const cause = one as unknown as Cause;
    expect(sentenceOf(cause, subject, reader)).toMatch(sentences);
    for (const verdict of verdictNames) {
      const finding: Finding = { verdict, severity: 'warning', cause, notes: [cause] };
      const newestBackup = { id: 'newest', createdAt: now, time: now };
      expect(reasonOf(finding, subject, reader)).toMatch(sentences);
      expect(reasonOf({ ...finding, newestBackup, deadline: now }, subject, reader)).toMatch(sentences);
    }
  });

  it.each(samplesOf(resolutions))('$code $facts', (one) => {
    expect(resolutionOf(alertEndedBy(one), reader)).toMatch(sentences);
  });
});

describe.each(audiences)('for %s, one line is made of', (audience) => {
  it.each(samplesOf(copyCauses))('$code $facts', (one) => {
    for (const state of copyStates) {
      const copy = { mode: 'export', state, attempt: 1, cause: one as unknown as CopyCause } as const;
      const reason = copyReasonOf(copy, { now, audience });
      expect(reason).toMatch(phrase);
      expect(reason).not.toMatch(/undefined|NaN|\[object/);
    }
  });
});

it.each(samplesOf(closings))('one line is made of $code', ({ code, facts }) => {
  const cause = { code, facts } as unknown as Closing;
  expect(closedReasonOf({ at: now, cause, expiresAt: now })).toMatch(phrase);
});

/** Whom and what operators have: configuration, functions, queues, commands. */
const operatorsWords =
  /\b(configur\w*|sweep|watch|ledger|function|queue|dead-letter|permissions?|operators?|npx|npm|exclude it)\b/i;

describe('a tenant reads neither a word of the operators nor of another tenant in', () => {
  // Words of whoever configured or tagged the database itself, and names of its own.
  const own = [
    'reason',
    'source',
    'cluster',
    'status',
    'snapshot',
    'id',
    'window',
    'before',
    'gone',
    'engine',
    'state',
  ];
  const foreign = ({ code, facts }: Sample): Sample => ({
    code,
    facts: Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, own.includes(name) ? 'own' : fact])),
  });

  it.each(samplesOf(causes).map(foreign))('$code $facts', (one) => {
    const cause = one as unknown as Cause;
    for (const verdict of verdictNames) {
      const finding: Finding = { verdict, severity: 'warning', cause, notes: [cause], deadline: now };
      const later = { now: new Date(now.getTime() + 3_600_000), audience: 'tenant' } as const;
      const text = reasonOf(finding, subject, later).replaceAll('Excluded by the configuration', '');
      expect(text).not.toMatch(operatorsWords);
      expect(text).not.toContain('globex');
    }
  });

  it.each(samplesOf(resolutions).filter(({ code }) => code !== 'left-configuration'))('$code $facts', (one) => {
    const text = resolutionOf(alertEndedBy(one), { audience: 'tenant' });
    expect(text).not.toMatch(operatorsWords);
    expect(text).not.toContain('globex');
  });
});
