import { describe, expect, test } from 'vitest';
import { Batch, Overloaded } from './batch.ts';

const later = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** What the server says of a bad row. */
const refusal = (): Error => Object.assign(new Error('invalid input syntax'), { code: '22P02' });

describe('group commit', () => {
  test('what arrives while a commit is under way goes into the next one', async () => {
    const commits: number[][] = [];
    const batch = new Batch<number, number>({
      commit: async items => {
        commits.push(items);
        await later(20);
        return items.map(item => item * 2);
      },
    });
    const first = batch.add(1);
    await later(5);
    const rest = [2, 3, 4].map(item => batch.add(item));
    expect(await Promise.all([first, ...rest])).toEqual([2, 4, 6, 8]);
    expect(commits).toEqual([[1], [2, 3, 4]]);
  });

  test('one bad row fails alone', async () => {
    const first: boolean[] = [];
    const batch = new Batch<number, number>({
      commit: async (items, again) => {
        if (!again) first.push(again);
        if (items.includes(13)) throw refusal();
        return items;
      },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, item) => batch.add(item)));
    expect(outcomes.map((outcome, item) => (outcome.status === 'fulfilled') === (item !== 13))).not.toContain(
      false,
    );
    // Its parts may be committed already, as far as anybody can tell from an error.
    expect(first).toHaveLength(1);
  });

  test('a batch in doubt is run again, with the same rows, and told so', async () => {
    const commits: [number[], boolean][] = [];
    const batch = new Batch<number, number>({
      commit: async (items, again) => {
        commits.push([items, again]);
        if (commits.length === 1)
          throw Object.assign(new Error('connection terminated'), { code: 'ECONNRESET' });
        return items;
      },
    });
    expect(await Promise.all([batch.add(1), batch.add(2)])).toEqual([1, 2]);
    expect(commits).toEqual([
      [[1, 2], false],
      [[1, 2], true],
    ]);
  });

  test('a deadlock is nobody’s fault: the batch is run again', async () => {
    let runs = 0;
    const batch = new Batch<number, number>({
      commit: async items => {
        runs++;
        if (runs === 1) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        return items;
      },
    });
    expect(await batch.add(1)).toBe(1);
  });

  test('a mistake of our own is the item’s fault, and not tried for ever', async () => {
    const batch = new Batch<number, number>({
      commit: async items => {
        if (items.includes(2)) throw new TypeError('items.flatMap is not a function');
        return items;
      },
    });
    const outcomes = await Promise.allSettled([batch.add(1), batch.add(2), batch.add(3)]);
    expect(outcomes.map(outcome => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('more than may wait is refused at once, by count and by bytes', async () => {
    const slow = async (items: string[]): Promise<string[]> => {
      await later(30);
      return items;
    };
    const byCount = new Batch<string, string>({ commit: slow, maxWaiting: 2 });
    const byBytes = new Batch<string, string>({
      commit: slow,
      size: item => item.length,
      maxWaitingBytes: 10,
    });
    const taken = [byCount.add('a'), byCount.add('b'), byBytes.add('12345678')];
    await expect(byCount.add('c')).rejects.toBeInstanceOf(Overloaded);
    await expect(byBytes.add('901')).rejects.toBeInstanceOf(Overloaded);
    await Promise.all(taken);
    expect(await byCount.add('d')).toBe('d');
  });

  test('when the database hangs the caller is told in time, and what was refused is not stored behind his back', async () => {
    const commits: number[][] = [];
    let release = (): void => {};
    const hanging = new Promise<void>(resolve => {
      release = resolve;
    });
    const batch = new Batch<number, number>({
      timeoutMs: 100,
      commit: async items => {
        commits.push(items);
        await hanging;
        return items;
      },
    });
    const underWay = batch.add(1);
    // The first may be stored all the same, and its caller is told so; the second never will be.
    const outcomes: Promise<unknown>[] = [expect(underWay).rejects.toMatchObject({ inDoubt: true })];
    await later(5);
    outcomes.push(expect(batch.add(2)).rejects.toMatchObject({ inDoubt: false }));
    await Promise.all(outcomes);
    release();
    await batch.idle();
    expect(commits).toEqual([[1]]);
  });
});
