/** Regions in which RDS exports no snapshots to S3, as far as AWS documents it. */
import type { ConfiguredDatabase } from './fleet.ts';

/** Engines whose snapshots RDS does not export in a Region. */
export type NotExported = 'every engine' | 'all but Aurora';

/**
 * AWS shortens this list from time to time, and publishes it in no API; `copies.regionsWithExports` overrides it.
 *
 * Every engine: Amazon Aurora User Guide, "Supported Regions and Aurora DB engines for exporting snapshot data to Amazon
 * S3", in the editions of 2025 that except the youngest Regions. RDS's other engines are taken to have exports in no Region
 * in which Aurora has none.
 *
 * All but Aurora: Amazon RDS User Guide, "Export snapshots to S3", edition of early 2023, tables of MariaDB and MySQL; Aurora's
 * page no longer excepts these Regions. That edition's table of PostgreSQL excepts no Region, even for versions that were
 * never offered in some, and is not relied on.
 */
const regions: Readonly<Record<string, NotExported>> = {
  'ap-east-2': 'every engine',
  'ap-southeast-5': 'every engine',
  'ap-southeast-6': 'every engine',
  'ap-southeast-7': 'every engine',
  'mx-central-1': 'every engine',
  'us-gov-east-1': 'every engine',
  'us-gov-west-1': 'every engine',
  'ap-south-2': 'all but Aurora',
  'ap-southeast-3': 'all but Aurora',
  'ap-southeast-4': 'all but Aurora',
  'eu-central-2': 'all but Aurora',
  'eu-south-2': 'all but Aurora',
  'me-central-1': 'all but Aurora',
};

/** What RDS does not export in a Region, as a field of its databases; none where it exports. */
export function exportsIn(
  region: string,
  { regionsWithExports }: { readonly regionsWithExports: readonly string[] },
): Pick<ConfiguredDatabase, 'notExported'> {
  const notExported = regionsWithExports.includes(region) ? undefined : regions[region];
  return notExported === undefined ? {} : { notExported };
}
