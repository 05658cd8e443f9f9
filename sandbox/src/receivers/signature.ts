import { createHmac, timingSafeEqual, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { DialectName } from './dialects.ts';
import type { Keys } from './keys.ts';

/** What a careful receiver would think of a signature. The sentence begins with the verdict. */
export interface Verdict {
  verdict: 'valid' | 'invalid' | 'not_signed' | 'no_key';
  sentence: string;
}

/** A signature as its headers claim it. */
interface Claim {
  /** Unix time, s, in the digits that were signed */
  time: string;
  /** undefined: there is no key to check with */
  fits: (keys: Keys, body: Buffer) => boolean | undefined;
}

interface Scheme {
  /** Absent, the request is not signed. */
  header: string;
  /** The claim, or what is wrong with the headers. */
  read: (signature: string, headers: IncomingHttpHeaders) => Claim | string;
  /** How old a signature may be, s */
  oldest: number;
  /** How far ahead its time may be, s */
  ahead: number;
  key: string;
}

const HEX_SHA256 = /^[0-9a-f]{64}$/;
const DIGITS = /^\d{1,20}$/;

/**
 * The signatures of each dialect, read from the vendors' documents and not taken from the gateway: what both sides got
 * wrong alike would never be found.
 */
const SCHEMES: Readonly<Record<Exclude<DialectName, 'infobip'>, Scheme>> = {
  // telnyx §9.4: Ed25519 over `time|body`; the official client allows 300 s.
  telnyx: {
    header: 'telnyx-signature-ed25519',
    oldest: 300,
    ahead: 300,
    key: "the public key of the workspace as Telnyx's (GET /v2/public_key)",
    read: (signature, headers) => {
      const time = headers['telnyx-timestamp'];
      if (typeof time !== 'string') return 'the header telnyx-timestamp is missing';
      if (!DIGITS.test(time)) return 'telnyx-timestamp is not a number of seconds';
      if (!/^[A-Za-z0-9+/]{86}==$/.test(signature)) {
        return 'telnyx-signature-ed25519 is not the padded base64 of 64 bytes';
      }
      return {
        time,
        fits: ({ telnyx }, body) =>
          telnyx &&
          verify(
            null,
            Buffer.concat([Buffer.from(`${time}|`), body]),
            telnyx.key,
            Buffer.from(signature, 'base64'),
          ),
      };
    },
  },
  // ycloud §8: HMAC-SHA256 over `t.body`; 300 s are customary, YCloud fixes none.
  ycloud: {
    header: 'ycloud-signature',
    oldest: 300,
    ahead: 300,
    key: "the endpoint's secret as YCloud's",
    read: signature => {
      const { t, s } = partsOf(signature);
      if (t === undefined || !DIGITS.test(t)) return 'YCloud-Signature has no t=<seconds>';
      if (s === undefined || !HEX_SHA256.test(s)) {
        return 'YCloud-Signature has no s=<64 lower-case hexadecimal digits>';
      }
      return { time: t, fits: ({ ycloud }, body) => hmacFits(ycloud, `${t}.`, body, [s], 'hex') };
    },
  },
  // elevenlabs §11.2: HMAC-SHA256 over `t.body`; its client looks only backwards, half an hour.
  elevenlabs: {
    header: 'elevenlabs-signature',
    oldest: 1800,
    ahead: Number.POSITIVE_INFINITY,
    key: "the webhook's secret as ElevenLabs'",
    read: signature => {
      const { t, v0 } = partsOf(signature);
      if (t === undefined || !DIGITS.test(t)) return 'ElevenLabs-Signature has no t=<seconds>';
      if (v0 === undefined || !HEX_SHA256.test(v0)) {
        return 'ElevenLabs-Signature has no v0=<64 lower-case hexadecimal digits>';
      }
      return { time: t, fits: ({ elevenlabs }, body) => hmacFits(elevenlabs, `${t}.`, body, [v0], 'hex') };
    },
  },
  // standardwebhooks.com: HMAC-SHA256 over `id.time.body`; one signature for each secret that is in use, five minutes.
  standard_webhooks: {
    header: 'webhook-signature',
    oldest: 300,
    ahead: 300,
    key: "the endpoint's secret as the Standard Webhooks one",
    read: (signature, headers) => {
      const id = headers['webhook-id'];
      const time = headers['webhook-timestamp'];
      if (typeof id !== 'string') return 'the header webhook-id is missing';
      if (typeof time !== 'string') return 'the header webhook-timestamp is missing';
      if (!DIGITS.test(time)) return 'webhook-timestamp is not a number of seconds';
      const given = signature.split(' ').flatMap(each => (each.startsWith('v1,') ? each.slice(3) : []));
      if (given.length === 0) return 'webhook-signature has no signature of the version v1';
      return {
        time,
        fits: ({ standard_webhooks: secret }, body) =>
          hmacFits(secret?.key, `${id}.${time}.`, body, given, 'base64'),
      };
    },
  },
};

/**
 * What is to be thought of the signature of a request.
 *
 * @param now ms since 1970; the machine's own time, by which senders sign
 */
export function judge(
  dialect: DialectName | undefined,
  headers: IncomingHttpHeaders,
  body: Buffer,
  keys: Keys,
  now: number,
): Verdict {
  if (dialect === undefined) {
    return notSigned('it looks like no dialect that is known here');
  }
  if (dialect === 'infobip') {
    return notSigned('Infobip publishes no signature; what it sends to be known by stands in the headers');
  }
  const scheme = SCHEMES[dialect];
  const signature = headers[scheme.header];
  if (typeof signature !== 'string') return notSigned(`the header ${scheme.header} is missing`);
  const claim = scheme.read(signature, headers);
  if (typeof claim === 'string') return invalid(claim);
  const fits = claim.fits(keys, body);
  if (fits === undefined) {
    return { verdict: 'no_key', sentence: `no key to check with: give ${scheme.key} to this receiver` };
  }
  if (!fits) return invalid('it does not fit these bytes under the key given here');
  const age = Math.round(now / 1000) - Number(claim.time);
  if (age > scheme.oldest) {
    return invalid(`it fits, but is ${age} s old; ${scheme.oldest} s are allowed`);
  }
  if (-age > scheme.ahead) return invalid(`it fits, but its time is ${-age} s ahead of this machine's`);
  return { verdict: 'valid', sentence: 'valid' };
}

function notSigned(why: string): Verdict {
  return { verdict: 'not_signed', sentence: `not signed: ${why}` };
}

function invalid(why: string): Verdict {
  return { verdict: 'invalid', sentence: `invalid: ${why}` };
}

/** `t=1,s=2` by name; as the vendors' clients read it, without spaces. */
function partsOf(header: string): Record<string, string | undefined> {
  return Object.fromEntries(
    header.split(',').map(part => {
      const [name = '', ...value] = part.split('=');
      return [name, value.join('=')];
    }),
  );
}

function hmacFits(
  secret: string | Buffer | undefined,
  prefix: string,
  body: Buffer,
  given: readonly string[],
  encoding: 'hex' | 'base64',
): boolean | undefined {
  if (secret === undefined) return undefined;
  const own = Buffer.from(createHmac('sha256', secret).update(prefix).update(body).digest(encoding));
  return given.some(each => {
    const theirs = Buffer.from(each);
    return theirs.length === own.length && timingSafeEqual(theirs, own);
  });
}
