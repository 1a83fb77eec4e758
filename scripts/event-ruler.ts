/**
 * Asks AWS's own event-ruler, by which EventBridge and Lambda match, which of our patterns match which events, and writes its
 * answers to `test/judges/event-ruler.json`. It needs Java 17 and Maven, so it runs by hand, when a pattern or an event changes;
 * `test/judges/event-patterns.test.ts` says when.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LedgerStack } from '../infra/stack.ts';
import { parseConfig } from '../shared/config/index.ts';
import { eventCases } from '../test/judges/event-cases.ts';
import { patternsOf } from '../test/judges/patterns.ts';

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

const env = { account: '123456789012', region: 'eu-west-1' };
const configurationPath = path('config/example.json');
const { context } = JSON.parse(readFileSync(path('cdk.json'), 'utf8')) as { context: object };
const stack = new LedgerStack(new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } }), 'RdsBackupLedger', {
  env,
  fleet: parseConfig(readFileSync(configurationPath, 'utf8'), env),
  configurationPath,
});
const patterns = patternsOf(Template.fromStack(stack).toJSON() as Parameters<typeof patternsOf>[0]);

const jars = path('.local/event-ruler');
const folder = path('scripts/event-ruler');
execFileSync('mvn', ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`], {
  cwd: folder,
  stdio: 'inherit',
});
const events = eventCases.map(({ event }) => event);
const answers = execFileSync('java', ['-cp', `${jars}/*`, 'Answers.java'], {
  cwd: folder,
  input: JSON.stringify({ patterns, events }),
  encoding: 'utf8',
});
const matched = JSON.parse(answers) as string[][];
const [, version] =
  /<artifactId>event-ruler<\/artifactId>\s*<version>(.+?)</.exec(readFileSync(`${folder}/pom.xml`, 'utf8')) ?? [];
const table = { ruler: version, patterns, answers: events.map((event, n) => ({ event, matches: matched[n] })) };
writeFileSync(path('test/judges/event-ruler.json'), `${JSON.stringify(table, undefined, 2)}\n`);
console.log(`written: the answers of event-ruler ${version} to ${events.length} events`);
