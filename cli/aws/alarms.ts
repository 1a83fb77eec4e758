import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { alarmPrefix } from '../../shared/contract.ts';
import type { RingingAlarm } from '../../shared/read-model/index.ts';

/** The stack's alarms that ring; their names begin with the stack's. */
export async function ringingAlarms(stack: string): Promise<RingingAlarm[]> {
  const ringing: RingingAlarm[] = [];
  const pages = paginateDescribeAlarms(
    { client: new CloudWatchClient() },
    { AlarmNamePrefix: alarmPrefix(stack), StateValue: 'ALARM' },
  );
  for await (const { MetricAlarms = [] } of pages) {
    for (const {
      AlarmName,
      AlarmDescription,
      StateTransitionedTimestamp,
      StateUpdatedTimestamp,
      StateValue,
    } of MetricAlarms) {
      if (StateValue !== 'ALARM') continue;
      const since = StateTransitionedTimestamp ?? StateUpdatedTimestamp;
      ringing.push({ name: AlarmName ?? '', description: AlarmDescription ?? '', since: since?.toISOString() ?? null });
    }
  }
  return ringing;
}
