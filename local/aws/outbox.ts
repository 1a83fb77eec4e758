import { readFile } from 'node:fs/promises';
import type { LocalAws } from './local-aws.ts';

/** An e-mail or SMS as its recipient would have got it. */
export interface Sent {
  readonly protocol: 'email' | 'sms';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What SNS would have sent to people so far, oldest first. */
export async function readOutbox(aws: Pick<LocalAws, 'outboxFile'>): Promise<Sent[]> {
  const lines = (await readFile(aws.outboxFile, 'utf8')).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Sent);
}
