import { execFile, execFileSync, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it.each([
  ['spawn', () => spawn('true')],
  ['execFile', () => execFile('true')],
  ['fork', () => fork('none.js')],
  ['spawnSync', () => spawnSync('true')],
  ['execSync', () => execSync('true')],
  ['execFileSync', () => execFileSync('true')],
])('a unit test that calls %s fails', (_name, start) => {
  expect(start).toThrow('must not start a process');
});
