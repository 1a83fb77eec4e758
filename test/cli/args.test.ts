import { describe, expect, it } from 'vitest';
import { Args } from '../../cli/args.ts';
import { answer, command, type Option } from '../../cli/command.ts';
import type { Dependencies } from '../../cli/dependencies.ts';

const now = new Date('2026-11-23T12:00:00.000Z');

function notUsed(): Dependencies {
  throw new Error('the test needs no parts');
}

describe('the names that a command may read', () => {
  it('follow from its arguments and options; a misspelt one does not compile', async () => {
    const example = command({
      arguments: [
        { name: '<backup>', description: 'required' },
        { name: '[file]', description: 'optional' },
      ],
      options: [
        { flags: '--copy-state <states>', description: 'takes a value' },
        { flags: '--dry-run', description: 'is a flag' },
      ],
      examples: ['example'],
      json: { is: 'object', fields: {} },
      run: async (_, args) => {
        const misspelt = () => {
          // @ts-expect-error
          args.flag('dryrun');
          // @ts-expect-error
          args.flag('jsno');
          // @ts-expect-error
          args.optional('copyStates');
          // @ts-expect-error
          args.text('backups');
          // @ts-expect-error: a flag has no value
          args.optional('dryRun');
          // @ts-expect-error: an option with a value is no flag
          args.flag('copyState');
          // @ts-expect-error: it has neither --from nor --to
          args.span(now);
        };
        expect(misspelt).toBeTypeOf('function');
        return answer(
          {
            backup: args.text('backup'),
            file: args.optional('file'),
            copyState: args.optional('copyState'),
            dryRun: args.flag('dryRun'),
            json: args.flag('json'),
            tz: args.optional('tz'),
            stack: args.optional('stack'),
          },
          () => {},
        );
      },
    });
    const values = { backup: 'b', file: 'f', copyState: 's', dryRun: true, json: true, tz: 'UTC', stack: 'S' };
    const { json } = await example.run({} as Dependencies, new Args(values, now));
    expect(JSON.parse([...(json() as Iterable<string>)].join(''))).toEqual(values);
  });

  it('are none but the common ones where it declares none, or where its declaration does not say which', () => {
    const options: readonly Option[] = [{ flags: '--out <file>', description: '' }];
    const run = (args: Args<'out', never>) => args.optional('out');
    command({
      examples: ['example'],
      json: { is: 'object', fields: {} },
      // @ts-expect-error
      run: async (_, args) => answer({ out: run(args) }, notUsed),
    });
    command({
      options,
      examples: ['example'],
      json: { is: 'object', fields: {} },
      // @ts-expect-error
      run: async (_, args) => answer({ out: args.optional('out') }, notUsed),
    });
  });

  it('must cover what a function reads of them', () => {
    const both = (args: Args<'from' | 'to', never>) => args.span(now);
    expect(both(new Args<'from' | 'to' | 'tenant', 'all'>({ from: '1d' }, now))).toEqual({
      from: new Date('2026-11-22T12:00:00.000Z'),
    });
    // @ts-expect-error
    expect(both(new Args<'from', never>({}, now))).toEqual({ from: now });
  });
});
