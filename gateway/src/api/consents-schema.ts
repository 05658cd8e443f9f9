/** Of a remark beside an entry, in characters. */
export const NOTE_MAX = 500;

/** What somebody may opt out of; WhatsApp is what messages here go by. */
export const CHANNEL = /^[a-z_]{1,32}$/;
