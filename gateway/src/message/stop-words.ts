/**
 * Words by which people end and resume what they get, as whole messages: a sentence that holds one means something else.
 * Compared without case, accents, punctuation and spaces around.
 */
export const STOP_WORDS: Readonly<Record<string, readonly string[]>> = {
  en: ['stop', 'stop all', 'stopall', 'unsubscribe', 'opt out', 'optout', 'stop promotions', 'stop messages'],
  es: ['parar', 'alto', 'baja', 'darme de baja', 'darse de baja', 'cancelar suscripción', 'no molestar'],
  pt: ['parar', 'sair', 'pare', 'descadastrar', 'cancelar inscrição', 'cancelar assinatura', 'remover'],
  de: ['stopp', 'abmelden', 'abbestellen', 'austragen', 'keine werbung'],
  fr: ['arrêt', 'arrêter', 'désabonner', 'me désabonner', 'désinscription', 'se désinscrire'],
  it: ['ferma', 'basta', 'cancellami', 'disiscrivimi', 'annulla iscrizione'],
  nl: ['stoppen', 'afmelden', 'uitschrijven'],
  pl: ['wypisz', 'rezygnuję', 'zrezygnuj'],
  ru: ['стоп', 'отписаться', 'отписка'],
  tr: ['dur', 'durdur', 'abonelikten çık', 'iptal et'],
  id: ['berhenti', 'berhenti langganan'],
  ar: ['توقف', 'قف', 'إلغاء الاشتراك', 'الغاء الاشتراك'],
  he: ['הסר', 'הסרה', 'עצור'],
  hi: ['रोकें', 'बंद करो', 'बंद करें'],
  ja: ['停止', '配信停止'],
  zh: ['退订', '停止', '取消订阅'],
};

/** Fewer than there are words for it: many of those stand on the buttons of menus. */
export const START_WORDS: Readonly<Record<string, readonly string[]>> = {
  en: ['start', 'unstop', 'subscribe', 'opt in', 'optin'],
  es: ['darme de alta', 'suscribir', 'suscribirme'],
  pt: ['inscrever', 'inscrever-me'],
  de: ['anmelden', 'abonnieren'],
  fr: ["s'abonner", 'réabonner'],
  it: ['iscrivimi'],
  nl: ['aanmelden'],
  pl: ['zapisz mnie'],
  ru: ['подписаться'],
  tr: ['abone ol'],
  id: ['langganan'],
  ar: ['اشتراك'],
  he: ['הצטרף'],
  hi: ['शुरू करें'],
  ja: ['配信再開'],
  zh: ['订阅'],
};

/** What a workspace has decided about words; what is not given is as above. */
export interface WordSettings {
  /** By language, in the place of the list above; an empty list turns a language off. */
  readonly stop?: Readonly<Record<string, readonly string[]>>;
  readonly start?: Readonly<Record<string, readonly string[]>>;
  /** What is answered to somebody who stops or starts; nothing when not given. */
  readonly stopReply?: string;
  readonly startReply?: string;
}

export type Wish = 'stop' | 'start';

/** Finds the wish in what somebody writes. */
export interface WordFinder {
  readonly wishOf: (text: string) => Wish | undefined;
  readonly stopReply: string | undefined;
  readonly startReply: string | undefined;
}

/** Longer than any word of a list: what is longer is not one. */
const WORD_MAX = 64;

export function wordFinder(settings: WordSettings): WordFinder {
  const stop = wordSet({ ...STOP_WORDS, ...settings.stop });
  const start = wordSet({ ...START_WORDS, ...settings.start });
  return {
    wishOf: text => {
      if (text.length > WORD_MAX * 2) return undefined;
      const word = plain(text);
      // Where a word means both, who wants peace gets it.
      if (stop.has(word)) return 'stop';
      return start.has(word) ? 'start' : undefined;
    },
    stopReply: settings.stopReply,
    startReply: settings.startReply,
  };
}

function wordSet(lists: Readonly<Record<string, readonly string[]>>): ReadonlySet<string> {
  return new Set(
    Object.values(lists)
      .flat()
      .map(plain)
      .filter(word => word !== ''),
  );
}

/** Without case, Latin accents, punctuation and emoji; one space between words. */
function plain(text: string): string {
  return (
    text
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .normalize('NFC')
      .toLowerCase()
      // Of Turkish, whose capital is everybody's I.
      .replaceAll('ı', 'i')
      .replace(/[^\p{L}\p{M}\p{N}\s]/gu, ' ')
      .trim()
      .replace(/\s+/g, ' ')
  );
}
