/**
 * Setup of the `unit` tests, which start no process: one that would fails, and says where it belongs. The functions of
 * `node:child_process` end in these four.
 */
import childProcess, { ChildProcess } from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

function refuse(): never {
  throw new Error(
    'a unit test must not start a process: name its file *.local.test.ts to run it in the project "local"',
  );
}

Object.assign(ChildProcess.prototype, { spawn: refuse });
Object.assign(childProcess, { spawnSync: refuse, execSync: refuse, execFileSync: refuse });
syncBuiltinESMExports();
