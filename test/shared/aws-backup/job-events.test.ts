import { describe, expect, it } from 'vitest';
import { parseJobEvent } from '../../../shared/aws-backup/job-events.ts';

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
    expect(parseJobEvent(JSON.stringify(event))).toEqual({
      job: 'backup',
      id: '34176239-e96d-4e1a-9fad-529dbb3c3556',
      state: 'EXPIRED',
      resourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
    });
  });

  it('may name no resource', () => {
    const { resourceArn: _, ...detail } = event.detail;
    expect(parseJobEvent(JSON.stringify({ ...event, detail }))).toEqual({
      job: 'backup',
      id: '34176239-e96d-4e1a-9fad-529dbb3c3556',
      state: 'EXPIRED',
    });
  });

  it('without a state is refused by what it lacks', () => {
    const { state: _, ...detail } = event.detail;
    expect(() => parseJobEvent(JSON.stringify({ ...event, detail }))).toThrow(
      /^not an event of a job of AWS Backup: .*state/,
    );
  });

  const vault = 'arn:aws:backup:eu-central-1:123456789012:backup-vault:far';
  const copy = {
    source: 'aws.backup',
    'detail-type': 'Copy Job State Change',
    time: '2026-11-20T05:00:00Z',
    resources: ['arn:aws:rds:eu-west-1:123456789012:snapshot:awsbackup:job-1'],
    detail: { copyJobId: 'C1', state: 'FAILED', destinationBackupVaultArn: vault, destinationRecoveryPointArn: {} },
  };

  it.each([
    ['that failed', copy, { to: vault, endedAt: new Date('2026-11-20T05:00:00Z') }],
    [
      'that names its end and what it made',
      {
        ...copy,
        detail: {
          ...copy.detail,
          state: 'COMPLETED',
          completionDate: '2026-11-20T04:58:01.5Z',
          destinationRecoveryPointArn: 'arn:aws:rds:eu-central-1:123456789012:snapshot:awsbackup:copyjob-C1',
          statusMessage: 'slow',
        },
      },
      {
        state: 'COMPLETED',
        to: 'arn:aws:rds:eu-central-1:123456789012:snapshot:awsbackup:copyjob-C1',
        endedAt: new Date('2026-11-20T04:58:01.500Z'),
        message: 'slow',
      },
    ],
    ['that names nothing that it copied', { ...copy, resources: undefined }, { from: undefined }],
  ])('says of a copy job %s what became of it', (_, given, expected) => {
    const { time: __, ...usual } = copy;
    expect(parseJobEvent(JSON.stringify(given))).toEqual({
      job: 'copy',
      id: 'C1',
      state: 'FAILED',
      from: usual.resources[0],
      to: vault,
      endedAt: new Date(copy.time),
      message: undefined,
      ...expected,
    });
  });

  it('says of a restore job what it made, and for which plan', () => {
    const detail = {
      restoreJobId: 'R1',
      status: 'COMPLETED',
      createdResourceArn: 'arn:1',
      restoreTestingPlanArn: 'arn:2',
    };
    const restore = { source: 'aws.backup', 'detail-type': 'Restore Job State Change', detail };
    expect(parseJobEvent(JSON.stringify(restore))).toEqual({
      job: 'restore',
      id: 'R1',
      state: 'COMPLETED',
      createdArn: 'arn:1',
      testingPlan: 'arn:2',
    });
    const { restoreJobId, status } = detail;
    expect(parseJobEvent(JSON.stringify({ ...restore, detail: { restoreJobId, status } }))).toMatchObject({
      createdArn: undefined,
      testingPlan: undefined,
    });
  });

  it.each(['{', 'null', '"text"', '{"source":"aws.rds"}'])('is no other message: %s', (body) => {
    expect(parseJobEvent(body)).toBeUndefined();
  });
});
