import { createRequire } from 'node:module';

/** Of the package `wirebird`. */
export const VERSION = (createRequire(import.meta.url)('../package.json') as { version: string }).version;
