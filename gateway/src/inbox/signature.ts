import { createHmac, timingSafeEqual } from 'node:crypto';

/** `sha256=` and 64 hex digits (meta-cloud-api §5.1). */
const HEADER = /^sha256=([0-9a-f]{64})$/i;

/**
 * Which of these app secrets signed the body: all are compared, in constant time, so that the time taken does not tell
 * which one was close.
 *
 * @param body the raw bytes; a body that was parsed and written again has other bytes
 * @param header the value of `X-Hub-Signature-256`
 */
export function signingSecret(
  body: Buffer,
  header: string | undefined,
  secrets: Iterable<string>,
): string | undefined {
  const given = HEADER.exec(header ?? '')?.[1];
  if (given === undefined) return undefined;
  const signature = Buffer.from(given, 'hex');
  let found: string | undefined;
  for (const secret of secrets) {
    if (timingSafeEqual(createHmac('sha256', secret).update(body).digest(), signature)) found = secret;
  }
  return found;
}
