/**
 * What a cold start takes on Lambda's Node 24: importing a function's bundle, as `cdk deploy` makes it, and its first event. Beside
 * it what a function in Python takes at the least: `import boto3`, three clients, one call of each. Both are measured in turn, each
 * time in a process of its own, on a stubbed transport: no call leaves the process, its answer is the one of stand-ins for AWS in a
 * first run, which is not measured. Times are of this machine: the ratio tells.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { marshall } from '@aws-sdk/util-dynamodb';
import { bundle } from '../infra/bundle.ts';
import { noOtherAccount } from '../local/aws/environment.ts';
import { ensureVenv } from '../local/aws/python.ts';
import { answer } from '../local/rds/answer.ts';
import { RdsSimulator } from '../local/rds/simulator.ts';
import { carriedFile, formatCarried, parseConfig } from '../shared/config/index.ts';
import { type FunctionName, functionNames, type SettingName } from '../shared/contract.ts';
import { itemOfSweep } from '../shared/ledger/index.ts';

const run = promisify(execFile);
const repeats = 21;
const where = { account: '123456789012', region: 'eu-west-1' };
const snapshot = 'rds:orders-2026-11-23-04-08';

export interface ColdStartResult {
  readonly what: string;
  readonly importMs: number;
  readonly firstEventMs: number;
  readonly totalMs: number;
  /** Of the total of Python. */
  readonly ofPython: number;
}

interface Measured {
  readonly imported: number;
  readonly called: number;
}

export async function coldStartBenchmark(): Promise<ColdStartResult[]> {
  const [node, python] = [await node24(), await ensureVenv(pythonPackages, console.error)];
  const folder = await mkdtemp(join(tmpdir(), 'cold-start-bench-'));
  const aws = await startAws();
  try {
    for (const name of functionNames) {
      bundle(name, join(folder, name));
      await writeFile(
        join(folder, name, carriedFile),
        formatCarried({ fleet: parseConfig(configuration, where), hash: '' }),
      );
    }
    const commands = new Map<string, Command>([
      ['Python with boto3', { file: python, args: ['-c', inPython], env: {} }],
      ...functionNames.map((name): [string, Command] => {
        const input = [join(folder, name, 'index.mjs'), JSON.stringify(events[name])];
        const args = ['--input-type=module', '--eval', inNode, ...input];
        return [name, { file: node, args, env: { LAMBDA_TASK_ROOT: join(folder, name) } }];
      }),
    ]);
    const measures: Record<string, () => Promise<Measured>> = {};
    for (const [what, command] of commands) {
      await measured(command, aws.url);
      const answers = join(folder, `${what}.json`);
      await writeFile(answers, JSON.stringify(aws.takeAnswers()));
      measures[what] = () => measured({ ...command, env: { ...command.env, ANSWERS: answers } }, aws.url);
    }
    const all = new Map(Object.keys(measures).map((what): [string, Measured[]] => [what, []]));
    for (let turn = 0; turn < repeats; turn += 1) {
      for (const [what, measure] of Object.entries(measures)) all.get(what)?.push(await measure());
    }
    const totals = new Map(
      [...all].map(([what, some]) => [what, median(some.map((one) => one.imported + one.called))]),
    );
    const ofPython = totals.get('Python with boto3') ?? Number.NaN;
    return [...all].map(([what, some]) => {
      const total = totals.get(what) ?? Number.NaN;
      return {
        what,
        importMs: Math.round(median(some.map(({ imported }) => imported))),
        firstEventMs: Math.round(median(some.map(({ called }) => called))),
        totalMs: Math.round(total),
        ofPython: Math.round((total / ofPython) * 100) / 100,
      };
    });
  } finally {
    await aws.close();
    await rm(folder, { recursive: true, force: true });
  }
}

// What is measured ----------------------------------------------------------------------------------------------------

/** Loading `node:http` counts, since the function loads it as well; reading the answers does not. */
const inNode = `
import { readFileSync } from 'node:fs';
const [, bundle, event] = process.argv;
const { ANSWERS: file } = process.env;
const answers = file && JSON.parse(readFileSync(file, 'utf8'));
const started = performance.now();
if (answers) {
  const http = process.getBuiltinModule('node:http');
  http.request = ({ path, headers }, respond) => {
    const request = {
      on: () => request,
      once: () => request,
      setTimeout: () => request,
      end: (body = '') => {
        const { status, headers: answered, content } = answers[(${callOf})(path, headers['x-amz-target'] ?? '', String(body))].shift();
        const response = Object.assign(new http.IncomingMessage({ readable: false }), { statusCode: status, headers: answered });
        response.push(content);
        response.push(null);
        setImmediate(respond, response);
      },
    };
    return request;
  };
}
const { handler } = await import(bundle);
const imported = performance.now();
const result = await handler(JSON.parse(event), { getRemainingTimeInMillis: () => 600_000 });
const called = performance.now();
if (result?.batchItemFailures?.length > 0) throw new Error('the event failed');
console.error('measured ' + JSON.stringify({ imported: imported - started, called: called - imported }));
process.exit();
`;

const inPython = `
import json, os, sys, time
answers = [one for ones in json.load(open(os.environ['ANSWERS'])).values() for one in ones] if 'ANSWERS' in os.environ else None
started = time.perf_counter()
import boto3
imported = time.perf_counter()
rds, dynamodb, sns = clients = boto3.client('rds'), boto3.client('dynamodb'), boto3.client('sns')
if answers:
    from botocore.awsrequest import AWSResponse
    class Raw:
        def __init__(self, content): self.content = content.encode()
        def stream(self, *_, **__): yield self.content
    def answer(request, **_):
        one = answers.pop(0)
        return AWSResponse(request.url, one['status'], one['headers'], Raw(one['content']))
    for client in clients: client.meta.events.register('before-send', answer)
rds.describe_db_instances()
dynamodb.query(TableName='ledger', KeyConditionExpression='pk = :pk', ExpressionAttributeValues={':pk': {'S': 'SWEEP'}})
sns.publish(TopicArn='arn:aws:sns:eu-west-1:123456789012:alerts', Message='none')
called = time.perf_counter()
print('measured', json.dumps({'imported': (imported - started) * 1000, 'called': (called - imported) * 1000}), file=sys.stderr)
`;

/** A new backup to record; a watch with nothing due, as most are; copies of which none waits. */
const events: Readonly<Record<FunctionName, object>> = {
  record: { Records: [{ messageId: '1', body: JSON.stringify(backupEvent()) }] },
  sweep: { mode: 'watch' },
  copy: {},
};

function backupEvent() {
  const arn = `arn:aws:rds:${where.region}:${where.account}:snapshot:${snapshot}`;
  return {
    id: 'a',
    'detail-type': 'RDS DB Snapshot Event',
    source: 'aws.rds',
    ...where,
    time: new Date().toISOString(),
    resources: [arn],
    detail: {
      EventCategories: ['creation'],
      SourceType: 'SNAPSHOT',
      SourceArn: arn,
      Date: new Date().toISOString(),
      Message: 'Automated snapshot created',
      SourceIdentifier: snapshot,
      EventID: 'RDS-EVENT-0091',
    },
  };
}

/** What the stack sets, and Lambda. */
const settings: Readonly<Record<SettingName<'shared' | FunctionName>, string>> & Readonly<Record<string, string>> = {
  ACCOUNT_ID: where.account,
  LEDGER_TABLE: 'ledger',
  ALERT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:123456789012:alerts',
  CONFIG_BUCKET: 'configuration',
  CONFIG_KEY: 'configuration.json',
  REPORT_BUCKET: 'reports',
  COPY_FUNCTION_NAME: 'copy',
  EXPORT_ROLE_ARN: 'arn:aws:iam::123456789012:role/export',
  EXPORT_KEY_ARN: 'arn:aws:kms:eu-west-1:123456789012:key/export',
  POWERTOOLS_SERVICE_NAME: 'rds-backup-ledger',
  POWERTOOLS_METRICS_NAMESPACE: 'RdsBackupLedger',
  AWS_REGION: where.region,
  AWS_DEFAULT_REGION: where.region,
  AWS_ACCESS_KEY_ID: 'any',
  AWS_SECRET_ACCESS_KEY: 'any',
  AWS_SESSION_TOKEN: 'any',
};

/** One database. */
const configuration = JSON.stringify({
  operators: [{ email: 'oncall@example.com' }],
  tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
});

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function measured({ file, args, env }: Command, endpoint: string): Promise<Measured> {
  const { stdout, stderr } = await run(file, args, {
    env: { ...noOtherAccount, ...settings, ...env, AWS_ENDPOINT_URL: endpoint },
  });
  const [, json] = /^measured (.+)$/m.exec(stderr) ?? [];
  // A function that fails may do so sooner than it would succeed.
  if (json === undefined || /"level":"(WARN|ERROR)"/.test(stdout)) throw new Error(`it failed: ${stdout}${stderr}`);
  return JSON.parse(json) as Measured;
}

// What it is measured with --------------------------------------------------------------------------------------------

/** boto3 is among what the tests need. */
const pythonPackages = fileURLToPath(new URL('../local/aws/requirements-test.txt', import.meta.url));

/** Lambda's Node: this one, or else that of the npm package `node`, installed once. */
async function node24(): Promise<string> {
  if (process.versions.node.startsWith('24.')) return process.execPath;
  const folder = fileURLToPath(new URL('../.local/node-24', import.meta.url));
  const node = join(folder, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(node)) {
    await mkdir(folder, { recursive: true });
    await run('npm', ['install', '--silent', '--no-save', '--prefix', folder, 'node@24']);
  }
  return node;
}

/** AWS with one database and its backup, and a ledger in which only a sweep stands. */
async function startAws() {
  const rds = new RdsSimulator({ now: new Date(), ...where });
  rds.createInstance({ id: 'orders' });
  rds.takeBackup('orders', { kind: 'automated', id: snapshot, durationMinutes: 0 });
  await rds.advanceBy({ minutes: 1 });
  const sweep = marshall(itemOfSweep(lastSweep()), { removeUndefinedValues: true });
  const inLedger = (body: string) => (body.includes('"SWEEP"') ? [sweep] : []);
  let answers: Record<string, Answer[]> = {};
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { 'x-amz-target': target = '', 'content-type': type = '' } = request.headers;
    const answerTo = (): Answer => {
      const reply = (content: object | string, headers = {}) => ({
        status: 200,
        headers,
        content: typeof content === 'string' ? content : JSON.stringify(content),
      });
      if (target.includes('Query')) return reply({ Items: inLedger(body), Count: inLedger(body).length });
      if (target.includes('BatchGetItem')) return reply({ Responses: {}, UnprocessedKeys: {} });
      if (target !== '') return reply({});
      if (body.includes('Action=Publish')) return reply(published, { 'content-type': 'text/xml' });
      if (!type.includes('form-urlencoded')) return reply('');
      const { statusCode: status, headers, body: content } = answer(rds, body);
      return { status, headers, content };
    };
    const { status, headers, content } = answerTo();
    const call = callOf(request.url ?? '', String(target), body);
    answers[call] = [...(answers[call] ?? []), { status, headers, content }];
    response.writeHead(status, headers).end(content);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The answers since the last time: of each kind of call in their order. */
    takeAnswers: () => {
      const taken = answers;
      answers = {};
      return taken;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string;
}

/** Which kind of call a request is; of one kind, all are made in the same order each time. */
function callOf(path: string, target: string, body: string): string {
  return [path, target, /Action=\w+/.exec(body)?.[0], body.includes('"SWEEP"')].join(' ');
}

const published =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';

function lastSweep(): Parameters<typeof itemOfSweep>[0] {
  const at = new Date();
  return {
    mode: 'sweep',
    started: at,
    finished: at,
    at,
    complete: true,
    databases: 1,
    counts: { protected: 1 },
    eventsMissed: 0,
    missed: [],
    recorded: 0,
    closed: 0,
    unconfigured: [],
    alerts: { opened: 0, reminded: 0, resolved: 0 },
    apiCalls: {},
    errors: [],
    configHash: '',
    expiresAt: new Date(at.getTime() + 86_400_000),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
