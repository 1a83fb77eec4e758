/** The user's own files. */
import { readFile, writeFile } from 'node:fs/promises';
import { UserError } from './user-error.ts';

export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`"${path}" cannot be read: ${fileErrorText(error)}.`);
  }
}

export async function writeText(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new UserError(`"${path}" cannot be written: ${fileErrorText(error)}.`);
  }
}

/** The text of a file-system error, which is the user's; rethrows any other. */
export function fileErrorText(error: unknown): string {
  if (error instanceof Error && 'code' in error && 'syscall' in error) {
    return error.code === 'ENOENT' ? 'there is no such file' : error.message;
  }
  throw error;
}
