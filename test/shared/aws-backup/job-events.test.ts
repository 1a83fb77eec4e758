import { describe, expect, it } from 'vitest';
import { parseBackupJobEvent } from '../../../shared/aws-backup/job-events.ts';

const event = {
  source: 'aws.backup',
  'detail-type': 'Backup Job State Change',
  detail: {
    backupJobId: '34176239-e96d-4e1a-9fad-529dbb3c3556',
    state: 'EXPIRED',
    statusMessage: 'Backup job failed because there was a running job for the same resource',
    resourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
  },
};

describe('an event of AWS Backup', () => {
  it('says which job ended how, and of what', () => {
    expect(parseBackupJobEvent(JSON.stringify(event))).toEqual({
      jobId: '34176239-e96d-4e1a-9fad-529dbb3c3556',
      state: 'EXPIRED',
      resourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
    });
  });

  it('may name no resource', () => {
    const { resourceArn: _, ...detail } = event.detail;
    expect(parseBackupJobEvent(JSON.stringify({ ...event, detail }))).toEqual({
      jobId: '34176239-e96d-4e1a-9fad-529dbb3c3556',
      state: 'EXPIRED',
    });
  });

  it('without a state is refused by what it lacks', () => {
    const { state: _, ...detail } = event.detail;
    expect(() => parseBackupJobEvent(JSON.stringify({ ...event, detail }))).toThrow(
      /^not an event of a backup job: .*state/,
    );
  });

  it.each(['{', 'null', '"text"', '{"source":"aws.rds"}'])('is no other message: %s', (body) => {
    expect(parseBackupJobEvent(body)).toBeUndefined();
  });
});
