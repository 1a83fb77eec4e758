/**
 * List prices in US dollars of us-east-1, from AWS's public price pages, without free tiers, volume discounts and taxes. Other
 * Regions differ by some per cent, a few by half.
 */
export const pricesAsOf = '2026-11';
export const pricesRegion = 'us-east-1';

interface Price {
  /** What is paid for, as people read it. */
  readonly label: string;
  readonly usd: number;
  /** The number of units that `usd` pays for. */
  readonly per: number;
  /** Singular where `usd` pays for one. */
  readonly unit: string;
  /** The page that says so, below aws.amazon.com. */
  readonly page: string;
}

const million = 1_000_000;

export const prices = {
  key: { label: 'customer key (KMS)', usd: 1, per: 1, unit: 'key', page: 'kms/pricing' },
  keyRequests: { label: 'requests to the key', usd: 0.03, per: 10_000, unit: 'requests', page: 'kms/pricing' },
  alarms: { label: 'alarms', usd: 0.1, per: 1, unit: 'metric watched', page: 'cloudwatch/pricing' },
  customMetrics: { label: 'custom metrics', usd: 0.3, per: 1, unit: 'metric', page: 'cloudwatch/pricing' },
  logs: { label: 'logs', usd: 0.5, per: 1, unit: 'GB', page: 'cloudwatch/pricing' },
  ledgerWrites: { label: 'ledger: writes', usd: 0.625, per: million, unit: 'write units', page: 'dynamodb/pricing' },
  ledgerReads: { label: 'ledger: reads', usd: 0.125, per: million, unit: 'read units', page: 'dynamodb/pricing' },
  ledgerStorage: { label: 'ledger: storage', usd: 0.25, per: 1, unit: 'GB', page: 'dynamodb/pricing' },
  ledgerRecovery: {
    label: 'ledger: point-in-time recovery',
    usd: 0.2,
    per: 1,
    unit: 'GB',
    page: 'dynamodb/pricing',
  },
  functionTime: {
    label: 'functions: time',
    usd: 0.0000133334,
    per: 1,
    unit: 'GB-second (ARM)',
    page: 'lambda/pricing',
  },
  functionRequests: { label: 'functions: calls', usd: 0.2, per: million, unit: 'calls', page: 'lambda/pricing' },
  queue: { label: 'event queue', usd: 0.4, per: million, unit: 'requests', page: 'sqs/pricing' },
  schedules: { label: 'schedules', usd: 1, per: million, unit: 'invocations', page: 'eventbridge/pricing' },
} as const satisfies Record<string, Price>;

/** What each of a customer key's first two yearly rotations adds a month; further ones add nothing. */
export const rotationUsd = 1;

/** `4.77`, and `< 0.01` for less than half a cent. */
export function formatUsd(usd: number): string {
  if (usd > 0 && usd < 0.005) return '< 0.01';
  return usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
