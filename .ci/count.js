// Adds up Vitest's JSON results; the last line is read by machines. Exit code 1 where a test failed or none ran.
import { readFileSync } from 'node:fs';

const runs = process.argv.slice(2).map(read);
const sum = (field) => runs.reduce((total, run) => total + run[field], 0);
const passed = sum('numPassedTests');
// A file that cannot even be loaded has no failed test, and is a failure all the same.
const failed = Math.max(sum('numFailedTests'), runs.filter((run) => !run.success).length);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** A run that wrote no results did not come to its end. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, success: false };
  }
}
