import { channels, messageKinds } from '../../shared/channels/index.ts';
import { type Audience, alertStepTable, severities } from '../../shared/domain/index.ts';
import {
  composeAlerts,
  composeCopiesPaused,
  composeCopyFailed,
  composeDailyDigest,
  composeEnvironments,
  composeLeftOut,
  composeManyTenants,
  composeTenants,
  type OutgoingMessage,
  operatorFilter,
  tenantFilter,
} from '../../shared/notifications/index.ts';
import { aPause } from '../../test/shared/ledger/rows.ts';
import {
  context,
  entry,
  environmentNotice,
  failedCopy,
  restored,
  tagChange,
  unwatchedTenant,
} from '../../test/shared/notifications/given.ts';
import type { Generator } from '../generate.ts';

/** Every kind of message with an example, as the code composes it. */
export const messagesPage: Generator = { file: 'docs/messages.md', content: () => page() };

const others = [
  entry(),
  entry({
    tenant: 'zeta',
    databaseId: 'crm',
    database: '123456789012/eu-west-1/db-CRM',
    severity: 'warning',
    cause: { code: 'snapshot-skipped', facts: { restorableUntil: '2026-11-23T05:55:00.000Z' } },
  }),
];

/** A fleet in two accounts, and a database in the second one. */
const several = {
  ...context,
  environments: [
    ...context.environments,
    { account: '222222222222', region: 'us-east-1', accountName: 'Acme production' },
  ],
};
const elsewhere = entry({ verdict: 'overdue', database: '222222222222/us-east-1/db-ORDERS' });

const audienceMeanings: Readonly<Record<Audience, string>> = {
  all: 'both; no message of today',
  tenant: "the tenant's own recipients",
  operators: 'operators, with `tenant` `*`',
};

const list = 'https://eu-west-1.console.aws.amazon.com/s3/object/reports?region=eu-west-1&prefix=alerts%2Flist.txt';

function page(): string {
  return `# Messages

<!-- Written by \`npm run generate\`. -->

What the alert topic carries. Each channel gets its own text; a protocol that is not listed gets the JSON body.

${table(
  ['channel', 'protocol', 'recipient', 'text'],
  Object.values(channels).map(({ title, protocol, recipient, form }) => [title, code(protocol), code(recipient), form]),
)}

${table(
  ['attribute', 'values'],
  [
    ['`tenant`', "the tenant's id, or `*` for messages about many"],
    [
      '`severity`',
      `${severities.map(code).join(', ')}: the worst inside. A resolution has that of its alert, so that whoever filters by it gets both.`,
    ],
    ['`kind`', explained(messageKinds)],
    ['`audience`', explained(audienceMeanings)],
    [
      '`recipients`',
      'of a message to a tenant, ids of recipients who have more than 150 tenants: a filter policy cannot name those',
    ],
  ],
)}

Filter policies: a tenant's recipients \`${JSON.stringify(tenantFilter(['acme']))}\`, operators \`${JSON.stringify(operatorFilter)}\`.

An alert opens with a message, reminds every \`reminderHours\`, says at once when its severity rises, and resolves with a
message. **Acknowledged**, it reminds no more. **Snoozed**, it is silent until the snooze ends, and then reminds. A rise in
severity breaks both, and the resolution comes in any case. A message that was perhaps not sent is sent again, after 15 and 30
minutes, 1, 2, 4 and then every 6 hours: so a message may come twice, but none is lost.

Ages are as of the message, those of a resolution as of the end of the alert. A resolution says what began and when, since the
opening may have been lost.

A tenant's recipients and the operators each get a message of their own; of many tenants at once operators get a digest
instead. What goes to a tenant's recipients (\`audience\` \`tenant\`) names no other tenant, no other database and no role, key or
right of the account, and quotes neither errors nor what people wrote, neither in a text nor among the facts of the JSON body. It
names no command either: these people have neither a clone nor credentials. What goes to operators has all of that, and commands
as they run in a clone.

Where more than one environment is configured, the account's name (else its id) and the Region stand beside each database.
Commands of AWS for a database of another account than the ledger's ask for a profile of that account, and its console link says
which account to sign in to. A tenant's recipients read the Region alone.

In the JSON body times are ISO 8601 in UTC. \`databases\` lists the worst first, \`notListed\` says how many more there are, and
\`fullList\` where they all stand. Of each database:

- \`account\` and \`region\` are its own; those of the message are theirs where all its databases are in one environment, else the
  ledger's. A tenant's recipients get those of the worst of their databases in the place of the ledger's.
- \`step\` is ${explained(Object.fromEntries(Object.entries(alertStepTable).map(([step, { meaning }]) => [step, meaning])))}.
- \`verdict\`, \`cause\` and \`notes\` are what it was alerted for. Each cause is a code with its facts: [causes](causes.md) lists
  them. \`reason\` says the same as a text.
- Once resolved, \`resolution\` says in a text why the alert ended. As data that is \`outcome\` (verdict, cause and notes) where
  an evaluation ended it, else \`resolutionCause\`. \`newestBackup\` is then the newest at that end.

\`tenants\` of \`tenant-unwatched\` are tenants without a database that is watched: \`step\` is \`open\`, \`rise\` or \`resolve\`,
\`databases\` names at most 10 of theirs, and \`ended\` says that it is over: \`watched\`, or \`left\` the configuration.

\`environments\` of \`environment-trouble\` are accounts and Regions: \`step\` is \`open\`, \`rise\` or \`resolve\`, \`trouble\` is \`unread\`,
\`events-missing\`, \`events-undelivered\` or \`not-configured\`, and \`ended\` says that it is \`over\`, or that the account and
Region \`left\` the configuration. Only where several accounts or Regions are configured.

Fields and codes may be added; \`version\` changes when one goes or changes its meaning. Show a word that you do not know as it
is.

${section('A backup is missing (`backup-missing`)', composeAlerts([entry()], 'tenant', context))}
${section('A backup is missing, for operators', composeAlerts([entry()], 'operators', context))}
${section('A backup is missing in another account, for operators', composeAlerts([elsewhere], 'operators', several))}
${section('A backup is there again (`backup-restored`)', composeAlerts([entry(restored, 'resolve')], 'tenant', context))}
${section('A copy failed (`copy-failed`)', composeCopyFailed('acme', [failedCopy()], 'tenant', context))}
${section('A copy failed, for operators', composeCopyFailed('acme', [failedCopy()], 'operators', context))}
${section(
  'Copies are paused (`copies-paused`), for operators',
  composeCopiesPaused(
    {
      pause: aPause({ pausedAt: new Date('2026-11-23T05:00:00Z') }),
      waiting: 60,
      firstExpiry: new Date('2026-11-30T04:08:00Z'),
    },
    context,
  ),
)}
${section('Many tenants at once (`digest`), for operators', composeManyTenants(others, { ...context, fullList: list }))}
${section(
  'The day (`digest`), for operators',
  composeDailyDigest(
    {
      counts: { protected: 238, overdue: 2, excluded: 3 },
      alerts: others,
      unconfigured: ['playground'],
      unwatchedTenants: [],
      tagChanges: [
        tagChange('scratch', { code: 'excluded', reason: 'thrown away on Friday' }),
        tagChange('orders', { code: 'longer-age', before: 24, after: 48 }),
      ],
      eventsMissed: 1,
      missed: [{ databaseId: 'crm', snapshotId: 'rds:crm-2026-11-22-03-40' }],
      copies: { complete: 201, queued: 3, running: 5, failed: 1, oldestQueuedHours: 2.5 },
      errors: [],
    },
    context,
  ),
)}
${section(
  'A tenant without a watched database (`tenant-unwatched`), for operators',
  composeTenants([{ step: 'rise', unwatched: { ...unwatchedTenant(), severity: 'critical' } }], context),
)}
${section(
  'An account and Region that cannot be read (`environment-trouble`), for operators',
  composeEnvironments([environmentNotice()], context),
)}
${section(
  'A check left something out (`run-incomplete`), for operators',
  composeLeftOut(
    [
      {
        text: 'instance orders (acme) is overdue, but could not be written: ValidationException: Item size has exceeded the maximum allowed size',
        database: { key: '123456789012/eu-west-1/db-ABCDEFGHIJKLMNOPQRSTUVWXYZ', kind: 'instance', id: 'orders' },
      },
    ],
    context,
  ),
)}`;
}

function section(title: string, { subject, texts }: OutgoingMessage): string {
  const shown = Object.entries(channels).map(([name, channel]) => {
    const text: string | object = texts[name as keyof typeof texts];
    const [language, content] = typeof text === 'string' ? ['text', text] : ['json', JSON.stringify(text, null, 2)];
    return `${channel.title}:\n\n\`\`\`${language}\n${content}\n\`\`\`\n`;
  });
  return `## ${title}\n\nSubject: \`${subject}\`\n\n${shown.join('\n')}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

/** `word` (meaning), `word` (meaning) */
function explained(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([word, meaning]) => `${code(word)} (${meaning})`)
    .join(', ');
}
