import { totalmem } from 'node:os';

export type ServerSettings = Record<string, string | number>;

const MB = 2 ** 20;

/**
 * How the embedded server runs. Memory and disk figures were measured with the gateway on the same two cores; a
 * machine that needs others has a database of its own, and `--database-url`.
 */
export function serverSettings(memory: number = machineMemory()): ServerSettings {
  return {
    listen_addresses: '',
    unix_socket_permissions: '0700',
    port: SOCKET_PORT,
    max_connections: 100,
    shared_buffers: `${sharedBuffers(memory)}MB`,
    max_wal_size: '2GB',
    random_page_cost: 1.1,
    jit: 'off',
    // An answer to an accepted message means that it is on the disk.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    autovacuum: 'on',
    // One server, never a replica.
    wal_level: 'minimal',
    max_wal_senders: 0,
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_min_messages: 'warning',
    log_checkpoints: 'off',
    // Logs hold no message text: statements and details of a refused row would quote it.
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
  };
}

/** Names the socket's file; nothing listens on a port of the network. */
export const SOCKET_PORT = 5432;

function sharedBuffers(memory: number): number {
  return Math.round(Math.min(256, Math.max(32, memory / MB / 8)));
}

/** What a container may use counts, not what its machine has. */
function machineMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
