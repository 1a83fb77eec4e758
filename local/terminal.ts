/** How the story speaks on the terminal: in one place, so that it reads as one text. */
import pc from 'picocolors';

const started = Date.now();

export const say = {
  title(text: string, below: string): void {
    console.log(`\n${pc.bold(text)}\n${below}`);
  },
  /** A step of the story, with the seconds since the start. */
  step(text: string): void {
    console.log(`\n${pc.cyan(elapsed())} ${pc.bold(text)}`);
  },
  line(text = ''): void {
    console.log(text === '' ? '' : `       ${text}`);
  },
  /** What a tool reports of its work: of the CDK's hundreds of lines, those that say how far it is. */
  progress(text: string): void {
    const resource = /\|\s+(?<done>\d+)\/(?<all>\d+) \|.*_COMPLETE/.exec(text)?.groups;
    if (resource === undefined) {
      if (!/[|=]|^\s*$|arn:|^Stack ARN|^Outputs/.test(text)) say.line(text.trim());
    } else if (Number(resource.done) % 20 === 0 || resource.done === resource.all) {
      say.line(`${resource.done} of ${resource.all} resources`);
    }
  },
  block(text: string): void {
    for (const line of text.split('\n')) say.line(line);
  },
  /** A text that somebody else reads, set apart. */
  quote(text: string): void {
    for (const line of text.split('\n')) console.log(`       ${pc.dim('│')} ${line}`);
  },
  expected(what: string, met: boolean): void {
    console.log(`       ${met ? pc.green('✓') : pc.red('✗')} ${what}`);
  },
  trouble(text: string): void {
    console.error(`\n${pc.red('✗')} ${text}`);
  },
};

function elapsed(): string {
  return `${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s `;
}
