import { DescribeExportTasksCommand, type DescribeExportTasksCommandOutput, RDSClient } from '@aws-sdk/client-rds';
import { expect, it, onTestFinished } from 'vitest';
import { takenSlots, tasksById } from '../../../shared/copies/export-tasks.ts';
import { mockClient } from '../../support/mock-client.ts';

it('taken slots are counted on every page that RDS answers, an empty one among them', async () => {
  const pages: Record<string, DescribeExportTasksCommandOutput> = {
    first: { $metadata: {}, ExportTasks: [], Marker: 'second' },
    second: { $metadata: {}, ExportTasks: [{ ExportTaskIdentifier: 'a', Status: 'STARTING' }], Marker: 'third' },
    third: { $metadata: {}, ExportTasks: [{ ExportTaskIdentifier: 'b', Status: 'IN_PROGRESS' }] },
  };
  const client = mockClient(RDSClient);
  onTestFinished(() => client.restore());
  client
    .on(DescribeExportTasksCommand, { Filters: [{ Name: 'status', Values: ['starting', 'in_progress'] }] })
    .callsFake(({ Marker = 'first' }: { Marker?: string }) => pages[Marker]);
  expect(await takenSlots(new RDSClient({ region: 'eu-west-1' }))).toBe(2);
});

it('tasks are asked for by their ids, each once and fifty in a call', async () => {
  const client = mockClient(RDSClient);
  onTestFinished(() => client.restore());
  client.on(DescribeExportTasksCommand).callsFake(({ Filters: [filter] }: { Filters: { Values: string[] }[] }) => ({
    ExportTasks: filter?.Values.filter((id) => id !== 'task-7').map((id) => ({ ExportTaskIdentifier: id })),
  }));
  const ids = Array.from({ length: 60 }, (_, index) => `task-${index}`);
  const tasks = await tasksById(new RDSClient({ region: 'eu-west-1' }), [...ids, ...ids]);
  expect([...tasks.keys()]).toEqual(ids.filter((id) => id !== 'task-7'));
  expect(client.commandCalls(DescribeExportTasksCommand).map(({ args: [{ input }] }) => input.Filters)).toEqual([
    [{ Name: 'export-task-identifier', Values: ids.slice(0, 50) }],
    [{ Name: 'export-task-identifier', Values: ids.slice(50) }],
  ]);
});
