import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, lstat, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const CHROMIUM = '@sparticuz/chromium';

/** Says to the package that it is on a bare machine, so that it unpacks the libraries that Debian may lack. */
const BARE_MACHINE = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };

export interface OpenPage {
  page: Page;
  /** Errors of the console, uncaught exceptions and failed loads, as they came. */
  errors: string[];
  /** Addresses outside this machine that the page asked for; none of them was reached. */
  outside: string[];
}

export interface TestBrowser {
  /** A page with storage of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

/** Starts a real Chromium that reaches nothing but this machine. */
export async function startBrowser(): Promise<TestBrowser> {
  const folder = await unpackedChromium();
  const browser = await chromium.launch({
    executablePath: join(folder, 'chromium'),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
    env: {
      ...environment(),
      LD_LIBRARY_PATH: join(folder, 'al2023', 'lib'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
    // Nothing listens on port 1: what the browser itself would fetch from outside ends there.
    proxy: { server: 'http://127.0.0.1:1', bypass: '127.0.0.1,localhost' },
  });
  return { open: (url, options) => open(browser, url, options), close: () => browser.close() };
}

async function open(browser: Browser, url: string, options?: BrowserContextOptions): Promise<OpenPage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  const outside: string[] = [];
  await context.route(
    address => address.hostname !== '127.0.0.1' && address.hostname !== 'localhost',
    route => {
      outside.push(route.request().url());
      return route.abort();
    },
  );
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
  });
  page.on('pageerror', error => errors.push(String(error)));
  await page.goto(url);
  return { page, errors, outside };
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

/**
 * The folder with Chromium, its libraries and fonts; unpacked once for each user and version. Several runs may come here
 * at once: each unpacks beside it, and the first to finish puts its folder in place whole.
 */
async function unpackedChromium(): Promise<string> {
  const entry = fileURLToPath(import.meta.resolve(CHROMIUM));
  const description = join(dirname(entry), '..', 'package.json');
  const { version } = JSON.parse(await readFile(description, 'utf8')) as { version: string };
  const home = await ownFolder(join(tmpdir(), `wirebird-browser-${process.getuid?.() ?? 'user'}`));
  const folder = join(home, version);
  if (existsSync(join(folder, 'chromium'))) return folder;
  const unpacking = await mkdtemp(join(home, 'unpacking-'));
  try {
    // In a process of its own: the package changes the library path of the process that imports it.
    await promisify(execFile)(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `await (await import(${JSON.stringify(entry)})).default.executablePath();`,
      ],
      { env: { ...process.env, ...BARE_MACHINE, TMPDIR: unpacking } },
    );
    await access(join(unpacking, 'chromium'), constants.X_OK);
    await writeFile(join(unpacking, 'fonts', 'fonts.conf'), fontsOf(folder));
    await rename(unpacking, folder);
  } catch (error) {
    await rm(unpacking, { recursive: true, force: true });
    if (!existsSync(join(folder, 'chromium'))) throw error;
  }
  return folder;
}

/** Only the package's own fonts, so that a page looks the same on every machine; its own file names fixed folders. */
function fontsOf(folder: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${folder}/fonts</dir>
  <cachedir>${folder}/fonts-cache</cachedir>
</fontconfig>
`;
}

/** A folder in the shared temporary one that no other user could have prepared. */
async function ownFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || (process.getuid !== undefined && found.uid !== process.getuid())) {
    throw new Error(`${path} belongs to another user; remove it, or set TMPDIR.`);
  }
  return path;
}
