import { access, constants, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes the data directory, with the folders above it, and sees that it can be written to. One folder at a time: Node's
 * recursive mkdir never returns where the kernel answers ENOENT to a mkdir, as it does in /proc.
 *
 * @throws Error, one sentence for the operator
 */
export async function makeDataDirectory(path: string): Promise<void> {
  try {
    await make(path);
    await access(path, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'it may not be written to'
        : (code ?? 'it failed');
    throw new Error(`The data directory ${path} cannot be used: ${why}. Name another with --data.`, {
      cause: error,
    });
  }
}

async function make(path: string): Promise<void> {
  const known = await stat(path).catch(() => undefined);
  if (known?.isDirectory()) return;
  if (known !== undefined) throw Object.assign(new Error('not a directory'), { code: 'it is a file' });
  if (dirname(path) !== path) await make(dirname(path));
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    // Another process was quicker.
    if (error.code !== 'EEXIST') throw error;
  });
}
