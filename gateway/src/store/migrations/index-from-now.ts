import { type Kysely, type RawBuilder, sql } from 'kysely';

const DAY_MS = 86_400_000;

/**
 * An index of `messages` for the days from now on: those that come get it from the table, those of now get one here. To
 * index the past would keep nodes that run meanwhile from accepting.
 *
 * @param name of the index; a day's ends with what stands behind the first underscore
 * @param on the columns in brackets, and a condition
 * @param first yesterday's are indexed too: what is looked for just after midnight may be of the day before; or only days
 *   that have no messages yet
 */
export async function indexFromNow(
  db: Kysely<unknown>,
  name: string,
  on: RawBuilder<unknown>,
  first: 'yesterday' | 'tomorrow',
): Promise<void> {
  await sql`create index ${sql.ref(name)} on only messages ${on}`.execute(db);
  const from = new Date(Date.now() + (first === 'tomorrow' ? DAY_MS : -DAY_MS)).toISOString();
  const firstDay = from.slice(0, 10).replaceAll('-', '');
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'messages'::regclass
  `.execute(db);
  for (const { name: table } of rows) {
    const day = /_(\d{8})$/.exec(table)?.[1];
    if (day === undefined || day < firstDay) continue;
    const index = sql.ref(`${table}_${name.slice(name.indexOf('_') + 1)}`);
    await sql`create index ${index} on ${sql.table(table)} ${on}`.execute(db);
    await sql`alter index ${sql.ref(name)} attach partition ${index}`.execute(db);
  }
}
