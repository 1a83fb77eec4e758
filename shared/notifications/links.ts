/** Links into the AWS console and the runbook. */
import { type DatabaseKey, type DatabaseKind, environmentOf, partitionOf } from '../domain/index.ts';

/** Sections of the runbook that messages point to beside those of verdicts (`verdictOf(…).runbook`). */
export const runbookAnchors = {
  copyFailed: 'copy-failed',
  environment: 'account-or-region-in-trouble',
  manyTenants: 'many-tenants-alerted',
  runIncomplete: 'run-incomplete',
  tagChanges: 'tag-changes-to-review',
  tenantUnwatched: 'tenant-without-a-watched-database',
} as const;

/** A section of the runbook; the configured address may already name one, which is replaced. */
export function runbookLink(runbookUrl: string, anchor: string): string {
  return `${runbookUrl.replace(/#.*$/, '')}#${anchor}`;
}

/** The database's page in the RDS console, in its own Region. */
export function databaseLink(database: {
  readonly key: DatabaseKey;
  readonly id: string;
  readonly kind: DatabaseKind;
}): string {
  const { region } = environmentOf(database.key);
  const id = encodeURIComponent(database.id);
  return `${console(region)}/rds/home?region=${region}#database:id=${id};is-cluster=${database.kind === 'cluster'}`;
}

/** An object's page in the S3 console. */
export function objectLink(region: string, bucket: string, key: string): string {
  return `${console(region)}/s3/object/${bucket}?region=${region}&prefix=${encodeURIComponent(key)}`;
}

/** Each AWS partition has a console of its own. */
function console(region: string): string {
  return `https://${region}.console.${consoles[partitionOf(region)] ?? 'aws.amazon.com'}`;
}

const consoles: Readonly<Record<string, string>> = {
  'aws-cn': 'amazonaws.cn',
  'aws-us-gov': 'amazonaws-us-gov.com',
  'aws-eusc': 'amazonaws-eusc.eu',
};
