import { describe, expect, it } from 'vitest';
import { eventKinds, rdsEvent } from '../../../local/rds/events.ts';
import { seededRandom } from '../../../local/rds/randomness.ts';
import { eventMeanings, parseRdsEvent } from '../../../shared/rds/events.ts';

const snapshotArn = 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:db1-2026-11-23-04-08';

const sample = {
  version: '0',
  id: '844e2571-85d4-695f-b930-0153b71dcb42',
  'detail-type': 'RDS DB Snapshot Event',
  source: 'aws.rds',
  account: '123456789012',
  time: '2026-11-23T04:32:04Z',
  region: 'eu-west-1',
  resources: [snapshotArn],
  detail: {
    EventCategories: ['creation'],
    SourceType: 'SNAPSHOT',
    SourceArn: snapshotArn,
    Date: '2026-11-23T04:32:04.047Z',
    Message: 'Automated snapshot created',
    SourceIdentifier: 'rds:db1-2026-11-23-04-08',
    EventID: 'RDS-EVENT-0091',
  },
};

const sampleWith = (detail: object) => JSON.stringify({ ...sample, detail: { ...sample.detail, ...detail } });

describe('parseRdsEvent', () => {
  it('reads an event of the shape that AWS documents, the id with its colon whole', () => {
    expect(parseRdsEvent(JSON.stringify(sample))).toEqual({
      eventId: 'RDS-EVENT-0091',
      meaning: 'backup',
      time: new Date('2026-11-23T04:32:04.047Z'),
      arn: snapshotArn,
      source: {
        region: 'eu-west-1',
        account: '123456789012',
        type: 'snapshot',
        id: 'rds:db1-2026-11-23-04-08',
      },
      message: 'Automated snapshot created',
    });
  });

  it.each([
    ['backup', ['0091', '0042', '0060', '0197', '0169', '0075']],
    ['creating', ['0090', '0040', '0168', '0074']],
    ['deleted', ['0041']],
    [
      'database',
      [...['0028', '0032', '0003', '0171', '0087', '0088', '0154', '0150', '0151', '0152', '0153', '0172'], '0285'],
    ],
    ['trouble', ['0007', '0221', '0031', '0035', '0036', '0418', '0419', '0420']],
    ['switchover', ['0248', '0251']],
  ])('takes the meaning "%s" from the event id alone', (meaning, numbers) => {
    const ids = numbers.map((number) => `RDS-EVENT-${number}`);
    expect(ids.map((EventID) => parseRdsEvent(sampleWith({ EventID })).meaning)).toEqual(ids.map(() => meaning));
    const known = Object.entries(eventMeanings).filter(([, known]) => known === meaning);
    expect(known.map(([id]) => id).sort()).toEqual(ids.sort());
  });

  it.each([
    ['option groups, though of category backup', '0086', ['backup']],
    ['a backup of an instance that began, which names no snapshot', '0001', ['backup']],
    ['a backup of an instance that ended, which names no snapshot', '0002', ['backup']],
    ['a blue/green deployment that was made', '0244', ['creation']],
    ['a switchover that began', '0250', ['notification']],
    ['a copy between Regions that began', '0059', ['notification']],
    ['a copy between Regions that was cancelled', '0061', ['notification']],
    ['a local copy that was cancelled', '0190', ['notification']],
    ['an export of a snapshot', '0161', ['notification']],
    ['an export of a cluster snapshot', '0164', ['notification']],
    ['an export of a live cluster', '0236', ['notification']],
    ['one table of an export', '0484', ['failure']],
  ])('refuses an event about %s', (_what, number, EventCategories) => {
    const body = sampleWith({ EventID: `RDS-EVENT-${number}`, EventCategories });
    expect(() => parseRdsEvent(body)).toThrow(`RDS-EVENT-${number} is not an event the ledger knows`);
  });

  it('does not depend on the wording of the message', () => {
    for (const Message of ['Automated snapshot created.', 'An automated DB snapshot has been created.', undefined]) {
      expect(parseRdsEvent(sampleWith({ Message })).meaning).toBe('backup');
    }
  });

  it('bears tags, and fields that AWS may add', () => {
    const body = sampleWith({ Tags: { 'backup-tenant': 'acme' }, Added: [1] });
    expect(parseRdsEvent(body).eventId).toBe('RDS-EVENT-0091');
  });

  it("takes the envelope's time where the detail has none", () => {
    expect(parseRdsEvent(sampleWith({ Date: undefined })).time).toEqual(new Date('2026-11-23T04:32:04Z'));
  });

  it('reads every event that the simulator announces and the table lists', () => {
    const numbers = Object.keys(eventKinds) as (keyof typeof eventKinds)[];
    const listed = numbers.filter((number) => `RDS-EVENT-${number}` in eventMeanings);
    expect(listed.length).toBe(Object.keys(eventMeanings).length);
    for (const number of listed) {
      const subject = { id: 'rds:db1-2026-11-23-04-08', arn: snapshotArn };
      const place = { account: '123456789012', region: 'eu-west-1' };
      const event = rdsEvent(place, number, subject, new Date('2026-11-23T04:32:04Z'), seededRandom(1));
      expect(parseRdsEvent(JSON.stringify(event)).eventId).toBe(`RDS-EVENT-${number}`);
    }
  });

  it.each([
    ['text that is not JSON', 'created!', 'the message is not JSON (8 characters)'],
    ['an event of another source', JSON.stringify({ ...sample, source: 'aws.ec2' }), 'source'],
    ['an event without an id', sampleWith({ EventID: undefined }), 'detail.EventID'],
    ['an event without a time', JSON.stringify({ ...sample, time: undefined }), 'time'],
    [
      'an ARN of something else',
      sampleWith({ SourceArn: 'arn:aws:s3:::b' }),
      'not the ARN of an RDS resource: "arn:aws:s3:::b"',
    ],
    ['null', 'null', 'not an RDS event'],
  ])('refuses %s, and says what is wrong on one line', (_what, body, says) => {
    expect(() => parseRdsEvent(body)).toThrow(says);
    expect(() => parseRdsEvent(body)).toThrow(/^[^\n]*$/);
  });
});
