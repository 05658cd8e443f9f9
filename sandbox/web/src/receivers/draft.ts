import { numberOf } from '../fields.ts';
import type { Behaviour } from './receiver.ts';
import { percentOf } from './words.ts';

/** A behaviour as it is typed; what another kind needs is kept while one is chosen. */
export interface Draft {
  kind: Behaviour['kind'];
  status: string;
  retryAfter: string;
  seconds: string;
  redirect: string;
  to: string;
  which: 'all' | 'next' | 'share';
  times: string;
  percent: string;
}

const FIRST: Draft = {
  kind: 'ok',
  status: '500',
  retryAfter: '',
  seconds: '10',
  redirect: '302',
  to: '',
  which: 'all',
  times: '3',
  percent: '25',
};

export function draftOf(behaviour: Behaviour): Draft {
  const { kind, times, share } = behaviour;
  const draft: Draft = {
    ...FIRST,
    kind,
    ...(share < 1
      ? { which: 'share', percent: String(percentOf(share)) }
      : times !== null && { which: 'next', times: String(times) }),
  };
  switch (behaviour.kind) {
    case 'status':
      return { ...draft, status: String(behaviour.status), retryAfter: behaviour.retry_after ?? '' };
    case 'slow':
      return { ...draft, seconds: String(behaviour.ms / 1000) };
    case 'redirect':
      return { ...draft, redirect: String(behaviour.status), to: behaviour.to ?? '' };
    case 'ok':
    case 'hang':
    case 'close':
      return draft;
  }
}

/** The behaviour that is meant, or what is wrong with what was typed. The sandbox has the last word. */
export function readDraft(draft: Draft): Behaviour | string {
  if (draft.kind === 'ok') return { kind: 'ok', times: null, share: 1 };
  const times = draft.which === 'next' ? numberOf(draft.times) : null;
  if (times === undefined || (times !== null && !(Number.isInteger(times) && times >= 1))) {
    return 'How many must be a whole number, 1 or more.';
  }
  const percent = draft.which === 'share' ? numberOf(draft.percent) : 100;
  if (percent === undefined || !(percent > 0 && percent <= 100)) {
    return 'Per cent must be a number above 0 and up to 100.';
  }
  const which = { times, share: percent / 100 };
  switch (draft.kind) {
    case 'hang':
    case 'close':
      return { kind: draft.kind, ...which };
    case 'status': {
      const status = numberOf(draft.status);
      if (status === undefined || !(Number.isInteger(status) && status >= 200 && status <= 599)) {
        return 'The status must be a number from 200 to 599.';
      }
      const retryAfter = draft.retryAfter.trim();
      return { kind: 'status', status, ...(retryAfter !== '' && { retry_after: retryAfter }), ...which };
    }
    case 'slow': {
      const seconds = numberOf(draft.seconds);
      if (seconds === undefined || seconds < 0) return 'The seconds must be a number, 0 or more.';
      return { kind: 'slow', ms: Math.round(seconds * 1000), ...which };
    }
    case 'redirect': {
      const to = draft.to.trim();
      return { kind: 'redirect', to: to === '' ? null : to, status: Number(draft.redirect), ...which };
    }
  }
}
