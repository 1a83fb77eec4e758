/** Rights follow from the code: what a function's bundle calls, and what its role may do. */
import '../support/no-settings.ts';
import { fileURLToPath } from 'node:url';
import { partition } from 'es-toolkit/array';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { handlerCalls } from '../../handlers/calls.ts';
import { ledgerUses } from '../../infra/ledger-uses.ts';
import { rdsUses } from '../../infra/rds-uses.ts';
import { awsBackupCalls } from '../../shared/aws-backup/backup-jobs-reader.ts';
import { type FunctionName, functionNames } from '../../shared/contract.ts';
import { copyCalls } from '../../shared/copies/copy-calls.ts';
import { ledgerCalls } from '../../shared/ledger/dynamo.ts';
import { type AwsCall, type AwsCalls, actionsOn } from '../../shared/lib/aws-calls.ts';
import { publisherCalls } from '../../shared/notifications/sns-publisher.ts';
import { rdsReads } from '../../shared/rds/rds-reader.ts';
import { sentCalls, tableActions } from './sent-calls.ts';
import { configured, synthesize, synthesizeSpoke } from './synthesized.ts';

/** A handler's own code with all that it can reach, and nothing that it cannot. */
async function codeOf(handler: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../../handlers/${handler}.ts`, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
  });
  return outputFiles.map(({ text }) => text).join('');
}

const code = new Map<FunctionName, string>();
beforeAll(async () => {
  for (const name of functionNames) code.set(name, await codeOf(name));
});

/** Those of the methods that a function's code calls on something of one of these names. */
function calledOn(names: string, methods: object, fn: FunctionName): string[] {
  return Object.keys(methods)
    .filter((method) => new RegExp(`(?:${names})\\d*\\.${method}\\(`).test(code.get(fn) ?? ''))
    .sort();
}

describe.each(functionNames)('the rights of %s', (fn) => {
  it('are those to the methods of the ledger that it calls', () => {
    // `lists` is a ledger that leaves rows out, and so is what `leavingOut(…)` returns.
    expect(calledOn('[lL]edger|lists|\\)', ledgerCalls, fn)).toEqual([...ledgerUses[fn]].sort());
  });

  it('are those to the methods of the RDS reader that it calls', () => {
    // `in(…)` is the reader of an environment.
    expect(calledOn('rds|reader|\\.in\\(\\w+\\)', rdsReads, fn)).toEqual([...rdsUses[fn]].sort());
  });

  it('are those to its other calls, as their adapters declare them, and no others', () => {
    // Every bundle holds the whole reader and table; what is called of them is above.
    const elsewhere = new Set<string>([...Object.values(rdsReads).flat(), ...Object.keys(tableActions)]);
    const sent = sentCalls(code.get(fn) ?? '').filter((call) => !elsewhere.has(call));
    const needed = [
      ...sent.flatMap(actionsOf),
      ...rdsUses[fn].flatMap((method) => rdsReads[method]).map((action) => `rds:${action}`),
    ];
    const [inSpokes, own] = partition([...new Set(needed)].sort(), (action) => undelivered.includes(action));
    expect(givenTo(fn)).toEqual(own);
    const toReader = spoke.rights('ReaderRole').map((right) => right.replace(/ on .*/, ''));
    expect(inSpokes.filter((action) => !toReader.includes(action))).toEqual([]);
  });
});

/** What only a spoke has, and so its reader role alone may ask. */
const undelivered: readonly string[] = actionsOn(handlerCalls.undelivered, 'queue');

const declarations: readonly AwsCalls[] = [awsBackupCalls, copyCalls, publisherCalls, ...Object.values(handlerCalls)];

/** All that a call may need. */
function actionsOf(call: string): string[] {
  const rights = declarations.flatMap((calls) => (call in calls ? [calls[call as AwsCall] ?? {}] : []));
  expect(rights, `an adapter declares ${call}`).not.toEqual([]);
  return rights.flatMap((right) =>
    Object.values<readonly string[] | undefined>(right).flatMap((actions) => actions ?? []),
  );
}

/** Copies of both modes, and another environment, so that every right is needed. */
const us = { account: '222222222222', region: 'us-east-1' };
const fleet = configured(
  [
    { id: 'orders', kind: 'instance' },
    { id: 'shop', kind: 'instance', ...us },
    {
      id: 'crm',
      kind: 'instance',
      copy: { mode: 'object', staging: { bucket: 'dumps', owner: '210987654321', key: 'sql/{snapshotId}.bak' } },
      bucket: { type: 'existing', name: 'archive', prefix: 'crm' },
    },
  ],
  { environments: [{ account: us.account, regions: [us.region] }] },
);
const stack = synthesize(fleet);
const spoke = synthesizeSpoke(fleet, us);
const roles = { record: 'RecordEventsRecordRole', sweep: 'SweepDatabasesSweepRole', copy: 'CopyBackupsCopyRole' };

/** The actions of a function's role that its own calls need; logs, queues, the ledger and its stream and key have other reasons. */
function givenTo(fn: FunctionName): string[] {
  const actions = stack.rights(roles[fn]).map((right) => right.replace(/ on .*/, ''));
  return [...new Set(actions)]
    .filter((action) => /^(backup|iam|lambda|rds|s3|sns|sts):|^kms:CreateGrant$/.test(action))
    .sort();
}
