#!/usr/bin/env node
// Runs on Node 24 or newer, which reads TypeScript by itself.
const major = Number(process.versions.node.split('.', 1)[0]);
if (major < 24) {
  console.error(`The Wirebird sandbox needs Node 24 or newer; this is ${process.version}.`);
  process.exit(1);
}
await import('../src/main.ts');
