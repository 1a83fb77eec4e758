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
  /** What a tool prints, as far as it shows progress. */
  progress(text: string): void {
    const progress = progressIn(text);
    if (progress !== undefined) say.line(progress);
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

/**
 * Of the hundreds of lines that the CDK and its bundler print, those that say how far it is, or that something is odd. Where
 * it fails, the error has its last lines in it.
 */
export function progressIn(line: string): string | undefined {
  const { done, all } = /\|\s+(?<done>\d+)\/(?<all>\d+) \|.*_COMPLETE/.exec(line)?.groups ?? {};
  if (done !== undefined) return Number(done) % 20 === 0 || done === all ? `${done} of ${all} resources` : undefined;
  const { bundled } = /^Bundling asset [^/]+\/[^/]+\/(?<bundled>[^/]+)\//.exec(line)?.groups ?? {};
  if (bundled !== undefined) return `Bundling the function ${bundled}`;
  const { seconds } = /Synthesis time: (?<seconds>[\d.]+)s/.exec(line)?.groups ?? {};
  if (seconds !== undefined) return `Synthesized in ${Math.round(Number(seconds))} s`;
  return /^Installing |✅|creating CloudFormation changeset|^\[(Warning|Error)/.test(line) ? line.trim() : undefined;
}

function elapsed(): string {
  return `${((Date.now() - started) / 1000).toFixed(0).padStart(4)} s `;
}
