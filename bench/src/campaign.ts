/** Ten million numbers, none of which makes a sandbox phone misbehave. */
const RECIPIENT_PREFIX = '+1415';
const RECIPIENT_DIGITS = 7;

/** One message to one person. */
export interface Send {
  /** E.164 */
  readonly to: string;
  /** JSON of `POST /v2/messages/whatsapp` */
  readonly body: string;
}

/**
 * A campaign as customers of Telnyx send it: each message to another person, which Meta's pair limit asks for too, by
 * each sender in turn.
 */
export interface Campaign {
  readonly senders: readonly string[];
  readonly next: () => Send;
  /** Persons written to so far. */
  readonly recipients: () => number;
}

/** The business numbers of a run, E.164. */
export function senderNumbers(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `+1646555${String(index).padStart(4, '0')}`);
}

/**
 * @param webhookUrl where each message's reports go
 * @param prefix of the recipients' numbers: two campaigns of one run must not write to the same people
 */
export function campaign(
  senders: readonly string[],
  webhookUrl: string,
  prefix = RECIPIENT_PREFIX,
): Campaign {
  const heads = senders.map(sender => `{"from":"${sender}","to":"`);
  let count = 0;
  return {
    senders,
    recipients: () => count,
    next: () => {
      const number = String(count).padStart(RECIPIENT_DIGITS, '0');
      const to = prefix + number;
      const body =
        `${heads[count % heads.length]}${to}","webhook_url":"${webhookUrl}","whatsapp_message":{"type":"template",` +
        `"template":{"name":"hello_world","language":{"code":"en_US"}},"biz_opaque_callback_data":"order-${number}"}}`;
      count++;
      return { to, body };
    },
  };
}
