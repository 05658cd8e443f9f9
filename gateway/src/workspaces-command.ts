import type { Command } from 'commander';
import { createWorkspace, listWorkspaces } from './accounts/workspaces.ts';
import type { Flags } from './config.ts';
import { columns, visit } from './visit.ts';

/** `wirebird workspaces create | list`. */
export function workspacesCommand(program: Command, place: (command: Command) => Command): void {
  const workspaces = program.command('workspaces').description('make and list workspaces (tenants)');

  place(workspaces.command('create'))
    .description('make a workspace')
    .argument('<name>', 'its name, given once in an installation')
    .action((name: string, flags: Flags) =>
      visit(flags, async ({ store, secrets }) => {
        const made = await createWorkspace(store, secrets, { name }, new Date());
        if ('kind' in made) throw new Error(made.detail);
        process.stdout.write(`${made.id}\n`);
      }),
    );

  place(workspaces.command('list'))
    .description('list all workspaces')
    .action((flags: Flags) =>
      visit(flags, async ({ store }) => {
        const rows = await listWorkspaces(store, { limit: 1_000, after: undefined });
        const shown = rows.map(one => [
          one.id,
          one.name,
          one.unconfirmedPolicy,
          one.publicKey.toString('base64'),
        ]);
        process.stdout.write(`${columns([['ID', 'NAME', 'UNCONFIRMED', 'WEBHOOK PUBLIC KEY'], ...shown])}\n`);
      }),
    );
}
