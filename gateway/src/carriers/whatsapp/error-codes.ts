import type { Failure } from '../../message/failure.ts';

/** What one of Meta's error codes means for a message, as data: the outbox obeys it, API and documentation print it. */
export interface ErrorCode {
  /** From and to, both counted in; nearly always the same. */
  readonly code: readonly [number, number];
  readonly meaning: string;
  /** Of a send. What comes by webhook has left already, and is always final. */
  readonly outcome: 'final' | 'retry' | 'hold';
  readonly retry?: Failure['retry'];
  /** What waits: nothing but the message itself when not given. */
  readonly holds?: 'pair' | 'template' | 'sender' | 'account';
  /** Who can do something about it. */
  readonly who: 'nobody' | 'caller' | 'operator' | 'recipient' | 'Meta';
  /** One sentence. */
  readonly remedy: string;
  /** The same text by SMS would reach the person, and no rule speaks against it. */
  readonly sms: boolean;
}

type Rest = Omit<ErrorCode, 'code' | 'meaning'>;

const one = (code: number, meaning: string, rest: Rest): ErrorCode => ({
  code: [code, code],
  meaning,
  ...rest,
});

/** Meta's advice for passing faults: after 1, 5 and 25 s, then the message fails. */
const BACKOFF: Rest = {
  outcome: 'retry',
  retry: { kind: 'backoff', tries: 3 },
  who: 'nobody',
  remedy: 'Nothing to do: it is tried again.',
  sms: true,
};

const paused = (ms: number, remedy: string, holds: 'sender' | 'account' = 'sender'): Rest => ({
  outcome: 'hold',
  holds,
  retry: { kind: 'after', ms },
  who: 'nobody',
  remedy,
  sms: false,
});

const mended = (remedy: string, holds: 'sender' | 'account' = 'sender'): Rest => ({
  outcome: 'hold',
  holds,
  who: 'operator',
  remedy,
  sms: false,
});

const wrong = (remedy: string): Rest => ({ outcome: 'final', who: 'caller', remedy, sms: false });
const unreachable = (remedy: string): Rest => ({ outcome: 'final', who: 'recipient', remedy, sms: true });
const config = (remedy: string): Rest => ({ outcome: 'final', who: 'operator', remedy, sms: false });

const TOKEN = mended('Give the sender a valid access token.');
const ACCOUNT = mended(
  'Look at the account in WhatsApp Manager; its messages wait until it may send again.',
  'account',
);
const REGISTER = mended('Register the phone number at Meta again.');
const PAYMENT = mended('Settle the payment method of the WhatsApp account.', 'account');

/**
 * meta-cloud-api §4 and meta-calling §8, by code. Decided on the code, never on the HTTP status or the title: Meta says so.
 * What is not here ends the message when the HTTP status is 4xx, and is tried three more times when it is 5xx.
 */
export const ERROR_CODES: readonly ErrorCode[] = [
  one(0, 'The access token is not valid', TOKEN),
  one(1, 'Unknown error of the API', BACKOFF),
  one(2, 'The API is down', BACKOFF),
  one(3, 'The app lacks a capability or permission', ACCOUNT),
  one(
    4,
    'The app has used up its calls',
    paused(60_000, 'Nothing to do: the app has used up its calls for now.', 'account'),
  ),
  one(10, 'The app lacks a permission', ACCOUNT),
  one(33, 'The phone-number id does not exist', wrong('Check the phone-number id of the sender.')),
  one(100, 'A parameter is wrong or unknown', wrong('Correct the parameter that the detail names.')),
  one(190, 'The access token has expired', TOKEN),
  { code: [200, 299], meaning: 'The app lacks a permission', ...ACCOUNT },
  one(368, 'The account is restricted for a policy violation', ACCOUNT),
  one(613, 'Permissions were asked for too often', paused(60_000, 'Nothing to do: it is asked more slowly.')),
  one(
    2046,
    'The order cannot go to this status',
    wrong('Send a status that may follow the order’s present one.'),
  ),
  one(2047, 'The order cannot be cancelled any more', wrong('Do not cancel an order that is paid.')),
  one(
    80007,
    'The account has used up its calls',
    paused(60_000, 'Nothing to do: the account has used up its calls for now.', 'account'),
  ),
  one(
    130429,
    'The number’s rate is exceeded',
    paused(1_000, 'Nothing to do: the number sends more slowly for a moment.'),
  ),
  one(
    130472,
    'The recipient is part of an experiment of Meta’s',
    unreachable('Do not repeat it: Meta keeps marketing messages from this recipient.'),
  ),
  one(
    130497,
    'The account may not message this country',
    config('Send from an account that may message this country.'),
  ),
  one(131000, 'Unknown failure', BACKOFF),
  one(131005, 'Access is denied', ACCOUNT),
  one(131008, 'A required parameter is missing', wrong('Add the parameter that the detail names.')),
  one(131009, 'The value of a parameter is not valid', wrong('Correct the value that the detail names.')),
  one(131016, 'The service is overloaded', BACKOFF),
  one(131021, 'Sender and recipient are the same', wrong('Send to another number than the sender’s own.')),
  one(
    131026,
    'The message cannot be delivered',
    unreachable('Check that the recipient uses WhatsApp and has a current version of it.'),
  ),
  one(
    131030,
    'The recipient is not on the allowed list of a test number',
    config('Add the recipient to the allowed list of the test number.'),
  ),
  one(131031, 'The account is locked', ACCOUNT),
  one(
    131037,
    'The number has no approved display name',
    config('Have the display name of the number approved.'),
  ),
  one(131042, 'There is a problem with the payment', PAYMENT),
  one(131044, 'There is no payment method', PAYMENT),
  one(131045, 'The number is not registered rightly', REGISTER),
  one(
    131047,
    'The recipient has not written in the last 24 hours',
    wrong('Send a template: the recipient has not written in the last 24 hours.'),
  ),
  one(131048, 'The number is limited for spam', {
    ...paused(3_600_000, 'Look at the quality of the number in WhatsApp Manager; its messages wait.'),
    who: 'operator',
  }),
  one(
    131049,
    'Meta withholds a marketing message',
    unreachable('Do not repeat it: Meta limits marketing messages to this recipient.'),
  ),
  one(131050, 'The recipient has stopped marketing messages', {
    ...wrong('Do not repeat it: the recipient has stopped marketing messages.'),
    who: 'recipient',
  }),
  one(131051, 'The type of the message is not supported', wrong('Send a supported message type.')),
  one(131052, 'The media of a person cannot be had', config('Ask the person to send it another way.')),
  one(
    131053,
    'The media cannot be uploaded or fetched',
    wrong('Check the type and size of the media, or upload it and send its id.'),
  ),
  one(131055, 'The method is not allowed', config('Use the API that the number is made for.')),
  one(131056, 'Too many messages to this recipient', {
    outcome: 'retry',
    holds: 'pair',
    retry: { kind: 'after', ms: 6_000 },
    who: 'nobody',
    remedy: 'Nothing to do: this recipient gets messages more slowly for a moment.',
    sms: false,
  }),
  one(131057, 'The number is being upgraded', paused(60_000, 'Nothing to do: Meta is upgrading the number.')),
  one(131060, 'The message of a person is not available', config('Ask the person to write again.')),
  one(131062, 'The template needs a phone number', wrong('Send authentication templates to a phone number.')),
  one(
    131063,
    'Marketing messages are disabled on this API',
    config('Allow marketing messages for the account at Meta.'),
  ),
  one(131064, 'The template was classified anew', wrong('Look at the category of the template.')),
  one(
    132000,
    'The number of parameters does not match',
    wrong('Give as many parameters as the template has.'),
  ),
  one(
    132001,
    'The template does not exist in this language',
    wrong('Check the name and the language of the template.'),
  ),
  one(132005, 'The text of the template becomes too long', wrong('Shorten the parameters of the template.')),
  one(
    132007,
    'The template breaks a policy',
    wrong('Change the content of the template: it breaks a policy.'),
  ),
  one(
    132012,
    'The format of a parameter does not match',
    wrong('Give the parameters the format that the template has.'),
  ),
  one(132015, 'The template is paused', {
    ...wrong('Wait until the template is active again, or send another.'),
    holds: 'template',
  }),
  one(132016, 'The template is disabled', {
    ...wrong('Send another template: this one is disabled.'),
    holds: 'template',
  }),
  one(
    132018,
    'The parameters of the template are not valid',
    wrong('Correct the parameters of the template.'),
  ),
  one(132068, 'The flow is blocked', wrong('Mend the flow in WhatsApp Manager.')),
  one(132069, 'The flow is throttled', wrong('Send the flow later: it may be sent ten times an hour.')),
  one(133000, 'The number was not deregistered rightly', REGISTER),
  one(133004, 'The server is not available', BACKOFF),
  one(133010, 'The number is not registered', REGISTER),
  one(
    134011,
    'The terms of payments are not accepted',
    config('Accept the terms of payments in WhatsApp Manager.'),
  ),
  one(134100, 'Only marketing templates are taken here', wrong('Send a marketing template.')),
  one(134101, 'The template is still being synchronised', {
    ...BACKOFF,
    retry: { kind: 'after', ms: 600_000 },
  }),
  one(134102, 'The template is not available', wrong('Send another template.')),
  one(135000, 'The request cannot be read', wrong('Check the content of the message.')),
  one(
    137000,
    'The recipient’s identity has changed',
    config('Acknowledge the recipient’s new identity at Meta.'),
  ),
  one(138000, 'Calls are not enabled for the number', config('Enable calls for the number.')),
  one(138001, 'The recipient cannot be called', unreachable('Send a message instead.')),
  one(138006, 'The recipient has not allowed calls', {
    ...wrong('Ask for permission to call first.'),
    who: 'recipient',
  }),
  one(138009, 'Permission was asked for too often', wrong('Ask for permission to call later.')),
  one(138013, 'Calls are not offered for this number', config('Call from a number in another country.')),
  one(138017, 'The recipient has allowed calls for good', wrong('Call: no permission is needed.')),
  one(139200, 'Direct Send is blocked for the account', wrong('Send a template instead.')),
];

const BY_CODE = new Map(
  ERROR_CODES.filter(({ code: [from, to] }) => from === to).map(entry => [entry.code[0], entry]),
);
const RANGES = ERROR_CODES.filter(({ code: [from, to] }) => from !== to);

export function errorCode(code: number): ErrorCode | undefined {
  return BY_CODE.get(code) ?? RANGES.find(({ code: [from, to] }) => code >= from && code <= to);
}
