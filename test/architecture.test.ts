/** Which folder may import which: capabilities have doors, and depend on each other in one direction. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each folder of `shared/` may import of the others; what it may import itself follows from the order. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  lib: [],
  domain: ['lib'],
  channels: ['lib', 'domain'],
  config: ['lib', 'domain', 'channels'],
  rds: ['lib', 'domain'],
  'aws-backup': ['lib', 'domain', 'config'],
  ledger: ['lib', 'domain'],
  ownership: ['lib', 'domain', 'config'],
  evaluation: ['lib', 'domain', 'config', 'rds', 'ownership'],
  reasons: ['lib', 'domain', 'evaluation'],
  copies: ['lib', 'domain', 'config', 'rds', 'ledger', 'ownership'],
  cost: ['domain', 'config', 'copies'],
  recording: [...['lib', 'domain', 'config', 'rds', 'aws-backup', 'ledger', 'ownership', 'evaluation', 'copies']],
  notifications: ['lib', 'domain', 'channels', 'config', 'ledger', 'evaluation', 'reasons'],
  'read-model': ['lib', 'domain', 'ledger', 'evaluation', 'reasons', 'copies'],
  report: ['lib', 'domain', 'ledger', 'evaluation', 'reasons', 'read-model'],
  sweep: [
    ...['lib', 'domain', 'config', 'rds', 'aws-backup', 'ledger', 'ownership', 'evaluation', 'reasons', 'recording'],
    ...['notifications', 'read-model', 'report'],
  ],
};

/** Files without a door between them: each is imported as it is. */
const withoutDoor = new Set(['contract', 'lib', 'ownership']);

/** Imports nothing, and everybody may import it. */
const forEverybody = new Set(['contract']);

/** The page's script shares this file, and must not load the schemas behind the door. */
const beside = new Set(['shared/domain/verdicts.ts']);

interface Import {
  readonly from: string;
  readonly to: string;
}

function filesIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const named = [...text.matchAll(/(?:from|import\(|import) ?'(\.[^']+)'/g)];
  return named.map(([, path = '']) => ({ from: file, to: normalize(join(dirname(file), path)) }));
}

/** `evaluation` of `shared/evaluation/evaluate.ts`; the name of a file that stands alone. */
function capabilityOf(file: string): string {
  return relative('shared', file).split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

const shared = filesIn('shared');
const imports = shared.flatMap(importsOf);
const others = ['handlers', 'infra', 'cli', 'local', 'bench', 'scripts', 'sim'].flatMap(filesIn).flatMap(importsOf);

describe('shared', () => {
  it('imports nothing of what is built of it', () => {
    expect(imports.filter(({ to }) => !to.startsWith('shared/'))).toEqual([]);
  });

  it('has few files beside its folders', () => {
    expect(shared.filter((file) => dirname(file) === 'shared').length).toBeLessThanOrEqual(2);
  });

  it('exports no name twice', () => {
    const seen = new Map<string, string>();
    const twice = [shared, ...['handlers', 'infra', 'cli'].map(filesIn)]
      .flat()
      .filter((file) => basename(file) !== 'index.ts')
      .flatMap((file) => {
        const text = readFileSync(join(root, file), 'utf8');
        return [...text.matchAll(/^export (?:async )?(?:function\*?|const|class|interface|type) (\w+)/gm)].flatMap(
          ([, name = '']) => {
            const first = seen.get(name);
            seen.set(name, file);
            // The name that Lambda calls each function by.
            return name === 'handler' || first === undefined || first === file ? [] : [`${name}: ${first}, ${file}`];
          },
        );
      });
    expect(twice).toEqual([]);
  });

  it('has no two files of one name, but the doors', () => {
    const names = shared.map((file) => basename(file)).filter((name) => name !== 'index.ts');
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

describe('a capability', () => {
  it('imports only those before it', () => {
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [capabilityOf(from), capabilityOf(to)];
      return here !== there && !forEverybody.has(there) && !allowed[here]?.includes(there);
    });
    expect(wrong).toEqual([]);
  });

  it('is entered by its door, from everywhere', () => {
    const around = [...imports, ...others].filter(({ from, to }) => {
      const there = capabilityOf(to);
      if (!to.startsWith('shared/') || withoutDoor.has(there) || beside.has(to)) return false;
      return (!from.startsWith('shared/') || capabilityOf(from) !== there) && basename(to) !== 'index.ts';
    });
    expect(around).toEqual([]);
  });

  it('stands in no circle', () => {
    const open = new Set<string>();
    const done = new Set<string>();
    const visit = (name: string): void => {
      if (done.has(name)) return;
      expect(open.has(name), `${[...open, name].join(' → ')}`).toBe(false);
      open.add(name);
      for (const next of allowed[name] ?? []) visit(next);
      open.delete(name);
      done.add(name);
    };
    for (const name of Object.keys(allowed)) visit(name);
    expect([...new Set(shared.map(capabilityOf))].sort()).toEqual(Object.keys(allowed).sort());
  });

  it('that evaluates sends, reads and writes nothing', () => {
    const text = filesIn('shared/evaluation').map((file) => readFileSync(join(root, file), 'utf8'));
    expect(text.filter((one) => /@aws-sdk|async |await /.test(one))).toEqual([]);
  });
});
