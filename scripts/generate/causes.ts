/** The codes of causes, from the tables that give their types. */
import * as z from 'zod';
import { type CauseTable, causes, closings, copyCauses, resolutions } from '../../shared/domain/index.ts';
import type { Generator } from '../generate.ts';

export const causesPage: Generator = { file: 'docs/causes.md', content: () => page() };

function page(): string {
  return `# Causes: why something is as it is, as data

<!-- Written by \`npm run generate\` from shared/domain/causes.ts. -->

Rows of the ledger, messages, answers of the sweep and the command line's JSON say why something is as it is by a \`code\` and
its \`facts\`. Sentences are made from them whenever they are shown, so that no age in them is old. Codes are only ever added,
never renamed, and so are facts; programs should let a code pass that they do not know.

Facts are JSON: a *time* is ISO 8601 in UTC. One with a question mark may be missing. What a tenant's recipients get has only the
facts of the last column: the others may name another tenant or database, an account, a role or a place, or quote somebody.

## Verdicts

\`cause\` explains the verdict, or its severity, and is null where nothing needs explaining. \`notes\` say what else a person
should know, with codes of the same table. [Verdicts](verdicts.md) has an example for each.

${tableOf(causes)}

## Ends of alerts

\`resolution\` of an alert that no verdict ended. Where one did, \`outcome\` has that verdict with its cause.

${tableOf(resolutions)}

## Closed backups

\`closed.cause\`: RDS no longer has the snapshot.

${tableOf(closings)}

## Copies

\`copy.cause\`: why a copy waits, was not made, failed or is incomplete. \`said\` is what RDS or S3 said, word for word.

${tableOf(copyCauses)}
`;
}

function tableOf(table: CauseTable): string {
  const rows = Object.entries(table).map(
    ([code, { meaning, facts, open }]) => `| \`${code}\` | ${meaning} | ${listOf(facts)} | ${namesOf(open)} |`,
  );
  return ['| code | meaning | facts | also for tenants |', '|---|---|---|---|', ...rows].join('\n');
}

function namesOf({ shape }: z.ZodObject): string {
  const names = Object.keys(shape).map((name) => `\`${name}\``);
  return names.length === 0 ? '-' : names.join(', ');
}

function listOf(facts: z.ZodObject): string {
  const names = Object.entries(facts.shape).map(([name, fact]) => {
    const optional = fact instanceof z.ZodExactOptional;
    return `\`${name}\`${optional ? '?' : ''} ${typeOf((optional ? fact.unwrap() : fact) as z.ZodType)}`;
  });
  return names.length === 0 ? '-' : names.join(', ');
}

function typeOf(fact: z.ZodType): string {
  if (fact instanceof z.ZodISODateTime) return 'time';
  if (fact instanceof z.ZodString) return 'text';
  if (fact instanceof z.ZodNumber) return 'number';
  if (fact instanceof z.ZodReadonly) return typeOf(fact.unwrap() as z.ZodType);
  if (fact instanceof z.ZodArray) return `list of ${typeOf(fact.element as z.ZodType)}`;
  if (fact instanceof z.ZodObject) return `{ ${listOf(fact)} }`;
  throw new Error(`a fact of a kind that the page has no word for: ${fact.type}`);
}
