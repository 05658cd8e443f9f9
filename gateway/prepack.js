// Makes `dist/` from `src/` before the package is packed: Node runs TypeScript in a checkout, but refuses it under
// node_modules. Types become blanks, so that lines and columns in a stack trace are those of the sources; names of
// source files in the code (imports, `new URL('./x.ts', import.meta.url)`) end in `.js`; tests stay behind.
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const SRC = join(import.meta.dirname, 'src');
const DIST = join(import.meta.dirname, 'dist');

/** A quoted relative path to a TypeScript file: './pace.ts', "../store/store.ts". */
const SOURCE_NAME = /(['"`])(\.{1,2}\/[^'"`\n]*)\.ts\1/g;

/**
 * @param {string} path of the source, from SRC
 * @returns {string} its JavaScript
 * @throws when it names a source that is not in the package
 */
function toJavaScript(path) {
  const code = stripTypeScriptTypes(readFileSync(join(SRC, path), 'utf8'));
  return code.replace(SOURCE_NAME, (_, quote, name) => {
    const target = join(SRC, dirname(path), `${name}.ts`);
    if (!target.startsWith(SRC) || !existsSync(target))
      throw new Error(`src/${path} names ${name}.ts, which is not packed`);
    return `${quote}${name}.js${quote}`;
  });
}

rmSync(DIST, { recursive: true, force: true });
for (const path of globSync('**/*', { cwd: SRC })) {
  if (path.endsWith('.test.ts') || path.endsWith('.md') || statSync(join(SRC, path)).isDirectory()) continue;
  mkdirSync(dirname(join(DIST, path)), { recursive: true });
  if (path.endsWith('.ts')) writeFileSync(join(DIST, path.replace(/\.ts$/, '.js')), toJavaScript(path));
  else cpSync(join(SRC, path), join(DIST, path));
}
// npm adds a licence by itself only from the package's own folder; ours stands at the root of the repository.
cpSync(join(import.meta.dirname, '../LICENSE'), join(DIST, 'LICENSE'));
