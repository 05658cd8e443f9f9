/**
 * WhatsApp's limits, the widest that any of Meta's sources gives; a dialect checks its own vendor's beside them.
 * Unless a comment says otherwise, text is counted in characters (code points) and must hold at least one. Sections are
 * those of the reference meta-cloud-api.
 */

/** Text message (§3). */
export const TEXT_BODY_MAX = 4096;
/** Image, video and document (§3). */
export const CAPTION_MAX = 1024;

/** Degrees north or south. */
export const LATITUDE_MAX = 90;
/** Degrees east or west. */
export const LONGITUDE_MAX = 180;

/** Cards in one message, entries (§3: 257 in Meta's documentation, 5 in its OpenAPI file). */
export const CONTACTS_MAX = 257;

/** Text of an interactive message's header, and its `sub_text` (§3.1, OpenAPI file). */
export const HEADER_TEXT_MAX = 60;
/** Text of an interactive message's body (§3.1). */
export const BODY_TEXT_MAX = 1024;
/** The same in a list (§3.1: 4096 in Meta's documentation, 1024 in its OpenAPI file). */
export const LIST_BODY_MAX = 4096;
/** Text of an interactive message's footer (§3.1). */
export const FOOTER_TEXT_MAX = 60;

/** Reply buttons of a message, entries (§3.1). */
export const REPLY_BUTTONS_MAX = 3;
/** Id of a reply button (§3.1). */
export const BUTTON_ID_MAX = 256;
/** Title of a reply button (§3.1). */
export const BUTTON_TITLE_MAX = 20;

/** Label that opens a list (§3.1). */
export const LIST_BUTTON_MAX = 20;
/** Sections of a list, of a product list and of an mpm button, entries (§3.1, §3.2). */
export const SECTIONS_MAX = 10;
/** Title of a section (§3.1). */
export const SECTION_TITLE_MAX = 24;
/** Rows of a list in all its sections together, entries (§3.1). */
export const LIST_ROWS_MAX = 10;
/** Id of a row (§3.1). */
export const ROW_ID_MAX = 200;
/** Title of a row (§3.1). */
export const ROW_TITLE_MAX = 24;
/** Description of a row; may be empty (§3.1). */
export const ROW_DESCRIPTION_MAX = 72;

/** Label of a link button (§3.1). */
export const CTA_TEXT_MAX = 20;

/** Products of a product list, or of an mpm button, in all sections together, entries (§3.1, §3.2). */
export const PRODUCTS_MAX = 30;

/** Label that opens a flow (§3.1). Meta advises against emoji there and does not refuse them. */
export const FLOW_CTA_MAX = 30;

/** Cards of a carousel, of a message and of a template, entries (§3.1, §7). */
export const CARDS_MIN = 2;
export const CARDS_MAX = 10;
/** Place of a card, from 0 (§3.1). */
export const CARD_INDEX_MAX = 9;
/** Text on a card (§3.1). */
export const CARD_BODY_MAX = 160;
/** Line breaks in the text on a card (§3.1). */
export const CARD_BREAKS_MAX = 2;

/** Label of a call button (§3.1). */
export const CALL_TEXT_MAX = 20;
/** How long a call button works, minutes, from 1 (§3.1). */
export const CALL_TTL_MAX = 43_200;
/** What comes back with the call; may be empty (§3.1). */
export const CALL_PAYLOAD_MAX = 512;

/** Postal code of an Indian address (§3.1). */
export const PIN_CODE_MAX = 6;

/** Reference of an order (§3.1). */
export const REFERENCE_ID_MAX = 35;
/** Name of an ordered thing (§3.1). */
export const ITEM_NAME_MAX = 60;
/** Items of an order when one of them has an image, entries (§3.1). */
export const PICTURED_ITEMS_MAX = 10;
/** Description of tax, shipping or discount; may be empty (§3.1). */
export const CHARGE_DESCRIPTION_MAX = 60;
/** Description of an order's status or of its expiry; may be empty (§3.1). */
export const ORDER_DESCRIPTION_MAX = 120;

/** Name of a template (§7). */
export const TEMPLATE_NAME_MAX = 512;
/** Place of a button in a template, from 0 (§3.2). */
export const BUTTON_INDEX_MAX = 9;
/** Text parameter of a template's header (Meta's reference of the parameter object). */
export const TEMPLATE_HEADER_TEXT_MAX = 60;
/** Any other text parameter (same place: 32,768 when the template is nothing but a body, else 1024 in all). */
export const TEMPLATE_TEXT_MAX = 32_768;
/** Code of a copy_code button (§3.2). */
export const COUPON_CODE_MAX = 15;
/** What comes back with a tap on a template's button; may be empty (§3.1 for calls; less, by hearsay, for quick replies). */
export const BUTTON_PAYLOAD_MAX = 512;

/** Text message by Direct Send (§3.3: a template's body). */
export const DIRECT_SEND_TEXT_MAX = 1024;
/** Buttons of a message by Direct Send, entries (§3.3). */
export const DIRECT_SEND_BUTTONS_MAX = 10;
/** Link buttons among them, entries (§3.3). */
export const DIRECT_SEND_LINKS_MAX = 2;
/** How long Meta tries to deliver, seconds, by category (§3.4). */
export const TTL_SECONDS = {
  utility: { min: 30, max: 43_200 },
  authentication: { min: 30, max: 900 },
} as const;
