/** Adapters declare the calls that they make (the stack grants their rights by that), and make no others. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { handlerCalls } from '../../handlers/calls.ts';
import { awsBackupCalls } from '../../shared/aws-backup/backup-jobs-reader.ts';
import { copyCalls } from '../../shared/copies/copy-calls.ts';
import { type LedgerCall, ledgerCalls } from '../../shared/ledger/dynamo.ts';
import { type AwsCalls, actionsOn } from '../../shared/lib/aws-calls.ts';
import { publisherCalls } from '../../shared/notifications/sns-publisher.ts';
import { rdsReads } from '../../shared/rds/rds-reader.ts';
import { sentCalls, tableActions } from './sent-calls.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function sourceOf(folder: string): string {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(`${root}${folder}/${name}`, 'utf8'))
    .join('\n');
}

/** What the files of each folder declare; a folder that is not here calls nothing. */
const declared: Readonly<Record<string, readonly string[]>> = {
  handlers: Object.values(handlerCalls).flatMap((calls) => Object.keys(calls)),
  'shared/aws-backup': Object.keys(awsBackupCalls),
  'shared/copies': Object.keys(copyCalls),
  'shared/notifications': Object.keys(publisherCalls),
  'shared/rds': [...new Set(Object.values(rdsReads).flat())],
};

const folders = readdirSync(`${root}shared`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ledger')
  .map(({ name }) => `shared/${name}`);

it.each([...folders, 'handlers'])('%s declares the calls that it makes', (folder) => {
  expect(sentCalls(sourceOf(folder))).toEqual([...(declared[folder] ?? [])].sort());
});

it('the ledger declares the calls that it makes', () => {
  const calls: readonly LedgerCall[] = Object.values(ledgerCalls);
  const actions = calls.flatMap(({ table, index }) => [...table, ...(index ? ['Query'] : [])]);
  const sent = sentCalls(sourceOf('shared/ledger')).map((call) => tableActions[call] ?? call);
  expect([...new Set(sent)].sort()).toEqual([...new Set(actions)].sort());
});

describe('a declaration', () => {
  it('takes no call that the SDK does not have', () => {
    // @ts-expect-error
    const misspelt: AwsCalls = { StartExportTasks: { snapshot: ['rds:StartExportTask'] } };
    expect(misspelt).toBeDefined();
  });

  it('gives the actions on one kind of resource, each once', () => {
    expect(actionsOn(copyCalls, 'writtenObject')).toEqual([
      's3:PutObject',
      's3:ListMultipartUploadParts',
      's3:AbortMultipartUpload',
    ]);
    // @ts-expect-error
    expect(actionsOn(copyCalls, 'writenObject')).toEqual([]);
  });
});
