import { describe, expect, test } from 'vitest';
import { START_WORDS, STOP_WORDS, wordFinder } from './stop-words.ts';

const { wishOf } = wordFinder({});

describe('words by which people opt out and in', () => {
  test.each(Object.entries(STOP_WORDS).flatMap(([language, words]) => words.map(word => [language, word])))(
    'in %s, “%s” stops',
    (_, word) => {
      expect(wishOf(word)).toBe('stop');
      expect(wishOf(` ${word.toUpperCase()}! `)).toBe('stop');
    },
  );

  test.each(Object.entries(START_WORDS).flatMap(([language, words]) => words.map(word => [language, word])))(
    'in %s, “%s” starts',
    (_, word) => {
      expect(wishOf(word)).toBe('start');
    },
  );

  test.each([
    ['STOP', 'stop'],
    ['Stop.', 'stop'],
    ['“stop” 🛑', 'stop'],
    ['opt-out', 'stop'],
    ['Opt   Out', 'stop'],
    ['ARRET', 'stop'],
    ['Ａｂｍｅｌｄｅｎ', 'stop'],
    ['stop by on Friday', undefined],
    ['please don’t stop', undefined],
    ['', undefined],
    ['🛑', undefined],
    [`stop${' '.repeat(500)}`, undefined],
  ])('%s means %s', (text, wish) => {
    expect(wishOf(text)).toBe(wish);
  });

  test('a workspace sets the words of a language, and the others stay', () => {
    const own = wordFinder({ stop: { en: ['no more'] } });
    expect(own.wishOf('No more')).toBe('stop');
    expect(own.wishOf('unsubscribe')).toBeUndefined();
    expect(own.wishOf('abmelden')).toBe('stop');
  });

  test('a language is turned off by an empty list', () => {
    expect(wordFinder({ stop: { es: [] } }).wishOf('baja')).toBeUndefined();
  });
});
