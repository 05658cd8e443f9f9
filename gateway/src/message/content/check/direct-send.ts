import { DIRECT_SEND_LINKS_MAX, DIRECT_SEND_TEXT_MAX, REPLY_BUTTONS_MAX, TTL_SECONDS } from '../../limits.ts';
import { SEND_CATEGORIES } from '../kinds.ts';
import type { Findings } from './findings.ts';
import { entries, type Fields, field, integer, maybe, object, oneOf, text } from './rules.ts';

const frame = object({
  context: maybe(object({ message_id: text() })),
  category: maybe(oneOf(SEND_CATEGORIES)),
  direct_send_config: maybe(object({ template_name: maybe(text()) })),
});

/** Kinds of interactive messages that Meta makes a template of (§3.3). */
const DIRECT_INTERACTIVE: readonly unknown[] = ['button', 'cta_url', 'voice_call'];

/** What stands beside the content: context, and the fields of Direct Send (§3.3, §3.4). */
export function checkFrame(content: Fields, found: Findings): void {
  frame(content, found);
  const { category } = content;
  const direct = category === 'utility' || category === 'authentication';
  if (direct) checkDirect(content, found);
  else checkFreeForm(content, found);
  if (content.ttl_seconds === undefined) return;
  if (direct) {
    found.enter('ttl_seconds');
    integer(TTL_SECONDS[category])(content.ttl_seconds, found);
    found.leave();
  } else found.add('unsupported', 'is taken with category utility or authentication only', 'ttl_seconds');
}

function checkDirect(content: Fields, found: Findings): void {
  const { type } = content;
  if (type === 'text') {
    found.enter('text');
    found.enter('body');
    const body = field(content.text, 'body');
    if (typeof body === 'string' && body !== '') text({ max: DIRECT_SEND_TEXT_MAX })(body, found);
    found.leave();
    found.leave();
    return;
  }
  if (type !== 'interactive' || !DIRECT_INTERACTIVE.includes(field(content.interactive, 'type'))) {
    found.add(
      'unsupported',
      'is taken with text, and with interactive messages of type button, cta_url and voice_call',
      'category',
    );
    return;
  }
  const buttons = buttonTypes(content);
  const links = buttons.filter(one => one === 'cta_url').length;
  if (links > DIRECT_SEND_LINKS_MAX)
    found.add('count', `has ${links} links; at most ${DIRECT_SEND_LINKS_MAX} are taken`, ...BUTTONS);
  const late = buttons.findIndex((one, at) => one === 'cta_url' && buttons[at - 1] === 'reply');
  if (late > 0) found.add('exclusive', 'must stand before the reply buttons', ...BUTTONS, late);
}

function checkFreeForm(content: Fields, found: Findings): void {
  const buttons = buttonTypes(content);
  if (buttons.length > REPLY_BUTTONS_MAX)
    found.add('count', `has ${buttons.length} entries; at most ${REPLY_BUTTONS_MAX} are taken`, ...BUTTONS);
  const link = buttons.indexOf('cta_url');
  if (link >= 0) found.add('enum', 'must be reply', ...BUTTONS, link, 'type');
}

const BUTTONS = ['interactive', 'action', 'buttons'] as const;

function buttonTypes(content: Fields): readonly unknown[] {
  if (content.type !== 'interactive' || field(content.interactive, 'type') !== 'button') return [];
  const buttons = field(field(content.interactive, 'action'), 'buttons');
  return entries(buttons, Number.POSITIVE_INFINITY).map(one => field(one, 'type'));
}
