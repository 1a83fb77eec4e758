import { DescribeExportTasksCommand, type DescribeExportTasksCommandOutput, RDSClient } from '@aws-sdk/client-rds';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, it, onTestFinished } from 'vitest';
import { takenSlots } from '../../../shared/copies/export-tasks.ts';

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
