/** The calls of AWS that a piece of code makes, as in `new StartExportTaskCommand(…)` or `paginateListObjectsV2(…)`, each once. */
export function sentCalls(code: string): string[] {
  const sent = code.matchAll(/\bnew (\w+)Command\d*\(|\bpaginate(\w+?)(?<!V)\d*\(/g);
  return [...new Set([...sent].map(([, command, pages]) => command ?? pages ?? ''))].sort();
}

/** The IAM action of each call of DynamoDB's document client. */
export const tableActions: Readonly<Record<string, string>> = {
  BatchGet: 'BatchGetItem',
  BatchWrite: 'BatchWriteItem',
  Put: 'PutItem',
  Query: 'Query',
  // A transaction is judged by what it does.
  TransactWrite: 'PutItem',
};
