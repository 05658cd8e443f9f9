import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Program, readyPort, startProgram } from './program.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import type { Sample } from './sample.ts';

/** The same exchanges between the same processes, with no storage and no rules: what HTTP alone allows here. */
export interface Ceiling {
  readonly url: string;
  readonly gateway: Program;
  readonly network: Program | undefined;
  readonly receiver: Receiver;
}

/** @param whole false: the gateway only answers; true: network, statuses and reports too */
export async function startCeiling(
  stack: AsyncDisposableStack,
  sample: Sample,
  whole: boolean,
): Promise<Ceiling> {
  const folder = await mkdtemp(join(tmpdir(), 'wirebird-bare-'));
  // The server's own user must be able to enter it.
  await chmod(folder, 0o755);
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const receiver = await startReceiver();
  stack.defer(() => receiver.stop());

  const run = async (name: string, settings: object): Promise<{ program: Program; url: string }> => {
    const file = join(folder, `${name}.json`);
    await writeFile(file, JSON.stringify({ sample, ...settings }));
    const program = startProgram(
      join(import.meta.dirname, `${name}.ts`),
      [file],
      {},
      join(folder, `${name}.log`),
    );
    stack.defer(() => program.end());
    return { program, url: `http://127.0.0.1:${await readyPort(program, name)}` };
  };
  if (!whole) {
    const { program, url } = await run('bare-gateway', {});
    return { url, gateway: program, network: undefined, receiver };
  }
  const network = await run('bare-network', {});
  const gateway = await run('bare-gateway', { networkUrl: network.url, receiverUrl: receiver.url });
  network.program.child.send({ gatewayUrl: gateway.url });
  return { url: gateway.url, gateway: gateway.program, network: network.program, receiver };
}
