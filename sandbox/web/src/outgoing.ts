/** Kinds of files that a person can send; a voice note is audio with `voice`. */
export type FileKind = 'image' | 'video' | 'audio' | 'document' | 'sticker';

/** A file that the sandbox holds, by the id that its upload gave. */
export interface SentFile {
  media_id: string;
  caption?: string;
  filename?: string;
  voice?: true;
}

export interface SentContact {
  name: { formatted_name: string; first_name: string };
  phones?: { phone: string; wa_id: string; type: 'CELL' }[];
  /** Set when it answers a request for contact information (meta-cloud-api §3.1). */
  origin?: 'contact_request';
}

export interface SentLocation {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export type InteractiveReply =
  | { type: 'button_reply'; button_reply: { id: string; title: string } }
  | { type: 'list_reply'; list_reply: { id: string; title: string; description?: string } }
  | { type: 'nfm_reply'; nfm_reply: { name: string; body: string; response_json: string } }
  | {
      type: 'call_permission_reply';
      call_permission_reply: {
        response: 'accept' | 'reject';
        is_permanent?: boolean;
        expiration_timestamp?: string;
        response_source: 'user_action';
      };
    };

export interface SentOrder {
  catalog_id: string;
  text?: string;
  product_items: { product_retailer_id: string; quantity: number; item_price: number; currency: string }[];
}

/** What a person can send, in the words of Meta's inbound webhooks. */
export type Outgoing =
  | { type: 'text'; text: { body: string } }
  | { type: FileKind; file: SentFile }
  | { type: 'location'; location: SentLocation }
  | { type: 'contacts'; contacts: SentContact[] }
  | { type: 'button'; button: { payload: string; text: string } }
  | { type: 'interactive'; interactive: InteractiveReply }
  | { type: 'reaction'; reaction: { message_id: string; emoji: string } }
  | { type: 'order'; order: SentOrder }
  | { type: 'system'; system: { type: 'user_changed_number'; wa_id: string; body: string } }
  | {
      type: 'edit';
      edit: { original_message_id: string; message: { type: 'text'; text: { body: string } } };
    }
  | { type: 'revoke'; revoke: { original_message_id: string } }
  | { type: 'unsupported'; unsupported: { type: string } };

/** The body of `POST /sandbox/phones/{number}/messages`. */
export function bodyOf(outgoing: Outgoing, sender: string, quotes: string | undefined): object {
  const { type } = outgoing;
  const content = 'file' in outgoing ? outgoing.file : (outgoing as Record<string, unknown>)[type];
  return {
    sender,
    type,
    [type]: content,
    ...(quotes !== undefined && { context: { message_id: quotes } }),
  };
}
