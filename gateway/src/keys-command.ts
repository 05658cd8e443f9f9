import type { Command } from 'commander';
import { createKey, listKeys, revokeKey, SCOPES, type Scope } from './accounts/keys.ts';
import { DEFAULT_WORKSPACE } from './accounts/workspaces.ts';
import type { Flags } from './config.ts';
import { columns, visit, workspaceNamed } from './visit.ts';

interface KeyFlags extends Flags {
  readonly workspace: string;
  readonly name?: string;
  readonly scopes?: string;
}

/** `wirebird keys create | list | revoke`. A running gateway knows of a change within two seconds. */
export function keysCommand(program: Command, place: (command: Command) => Command): void {
  const keys = program.command('keys').description('make, list and revoke API keys');
  const inWorkspace = (command: Command): Command =>
    place(command).option('--workspace <name>', 'name of the workspace', DEFAULT_WORKSPACE);

  inWorkspace(keys.command('create'))
    .description('make a key and print it; it cannot be shown again')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--scopes <list>', `comma-separated: ${SCOPES.join(', ')} (admin has all)`, 'send,read')
    .action((flags: KeyFlags) =>
      visit(flags, async ({ store }) => {
        const workspaceId = await workspaceNamed(store, flags.workspace);
        const made = await createKey(
          store,
          { workspaceId, name: flags.name!, scopes: parseScopes(flags.scopes!) },
          new Date(),
        );
        process.stderr.write(`Key "${made.key.name}" (${made.key.id}). Keep it: it cannot be shown again.\n`);
        process.stdout.write(`${made.secret}\n`);
      }),
    );

  inWorkspace(keys.command('list'))
    .description('list the keys of a workspace')
    .action((flags: KeyFlags) =>
      visit(flags, async ({ store }) => {
        const rows = await listKeys(store, await workspaceNamed(store, flags.workspace), {
          limit: 1_000,
          after: undefined,
        });
        const shown = rows.map(key => [
          key.id,
          key.name,
          `…${key.hint}`,
          key.scopes.join(','),
          key.revokedAt === undefined ? 'active' : `revoked ${key.revokedAt.toISOString()}`,
        ]);
        process.stdout.write(`${columns([['ID', 'NAME', 'KEY', 'SCOPES', 'STATE'], ...shown])}\n`);
      }),
    );

  inWorkspace(keys.command('revoke'))
    .description('revoke a key; it stops on every node within 5 seconds')
    .argument('<id>', 'id of the key, as the list shows it')
    .action((id: string, flags: KeyFlags) =>
      visit(flags, async ({ store }) => {
        const revoked = await revokeKey(store, await workspaceNamed(store, flags.workspace), id, new Date());
        if (!revoked) throw new Error(`There is no active key ${id} in the workspace "${flags.workspace}".`);
        process.stdout.write('Revoked.\n');
      }),
    );
}

function parseScopes(list: string): Scope[] {
  return list.split(',').map(part => {
    const scope = SCOPES.find(one => one === part.trim());
    if (scope === undefined)
      throw new Error(`There is no scope "${part.trim()}". Scopes are ${SCOPES.join(', ')}.`);
    return scope;
  });
}
