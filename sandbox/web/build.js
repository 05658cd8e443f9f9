// Builds the page into `dist` beside this file. Plain JavaScript, since npm scripts may run it with any Node >= 20.
//   node build.js                  always builds
//   node build.js --when-missing   builds only when `dist` is missing or older than its sources
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const onlyWhenMissing = process.argv.includes('--when-missing');
const startedAt = new Date();

/** When the newest source changed, ms. A folder counts too, since a deleted file leaves only its folder changed. */
function newestSource() {
  const files = ['index.html', 'vite.config.ts', 'tsconfig.json', 'build.js'].map(name => join(here, name));
  for (const folder of ['src', 'public']) {
    files.push(join(here, folder));
    for (const name of readdirSync(join(here, folder), { recursive: true, encoding: 'utf8' })) {
      files.push(join(here, folder, name));
    }
  }
  const lock = join(here, '../../package-lock.json');
  if (existsSync(lock)) files.push(lock);
  return Math.max(...files.map(file => statSync(file).mtimeMs));
}

function isFresh() {
  const built = statSync(join(dist, 'index.html'), { throwIfNoEntry: false });
  return built !== undefined && built.mtimeMs >= newestSource();
}

/** Puts the finished folder in place. Of two builds at once the later one wins, and neither leaves half a page. */
function place(built, aside) {
  for (let attempt = 0; ; attempt++) {
    if (existsSync(dist)) {
      try {
        renameSync(dist, `${aside}-${attempt}`);
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
    }
    try {
      renameSync(built, dist);
      return;
    } catch (error) {
      if (attempt === 9 || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error;
    }
  }
}

async function main() {
  if (onlyWhenMissing && isFresh()) return;
  let build;
  try {
    ({ build } = await import('vite'));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    // An installation without development dependencies runs with the page it was given, or with none.
    if (existsSync(dist)) return;
    console.error('The sandbox has no page: building it needs the development dependencies (npm ci).');
    process.exitCode = onlyWhenMissing ? 0 : 1;
    return;
  }
  console.log("Building the sandbox's page of phones …");
  // Vite would build for whatever a shell or a test runner says: twice the size, with React's checks in it.
  process.env.NODE_ENV = 'production';
  const folder = mkdtempSync(join(here, '.build-'));
  try {
    // The folder inside is named `dist` too, so that Git and the linter pass over it.
    const built = join(folder, 'dist');
    await build({
      configFile: join(here, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: built, emptyOutDir: true },
    });
    // Dated to the start: a source changed during the build makes it stale again.
    utimesSync(join(built, 'index.html'), startedAt, startedAt);
    place(built, join(folder, 'replaced'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
