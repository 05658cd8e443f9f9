/** What a business can say through Telnyx: one message of each kind, written as its page writes them. */
export const FILES = {
  image: 'https://example.com/receipt.png',
  video: 'https://example.com/tutorial.mp4',
  document: 'https://example.com/invoice.pdf',
  audio: 'https://example.com/voicenote.ogg',
  sticker: 'https://example.com/sticker.webp',
} as const;

type Message = Readonly<Record<string, unknown>> & { readonly type: string };

export const interactive = (type: string, more: object): Message => ({
  type: 'interactive',
  interactive: { type, body: { text: 'What now?' }, ...more },
});

const card = (card_index: number): object => ({
  card_index,
  type: 'cta_url',
  header: { type: 'image', image: { link: FILES.image } },
  body: { text: 'A card' },
  action: { name: 'cta_url', parameters: { display_text: 'See', url: 'https://example.com/a' } },
});
const reply = (id: string, title: string): object => ({ type: 'reply', reply: { id, title } });

/** The examples of the page, by its headings. */
export const PAGE_MESSAGES: readonly (readonly [string, Message])[] = [
  ['text', { type: 'text', text: { body: 'Thanks for reaching out!', preview_url: false } }],
  ['image', { type: 'image', image: { link: FILES.image, caption: 'Your receipt for order #12345' } }],
  [
    'document',
    {
      type: 'document',
      document: { link: FILES.document, filename: 'invoice_12345.pdf', caption: 'Invoice for March 2026' },
    },
  ],
  ['video', { type: 'video', video: { link: FILES.video, caption: 'Setup walkthrough' } }],
  ['audio', { type: 'audio', audio: { link: FILES.audio } }],
  ['sticker', { type: 'sticker', sticker: { link: FILES.sticker } }],
  [
    'location',
    {
      type: 'location',
      location: {
        latitude: '40.7128',
        longitude: '-74.0060',
        name: 'Telnyx HQ',
        address: '311 W 43rd St, New York, NY',
      },
    },
  ],
  [
    'contacts',
    {
      type: 'contacts',
      contacts: [
        {
          name: { formatted_name: 'Jane Smith', first_name: 'Jane', last_name: 'Smith' },
          phones: [{ phone: '+15559876543', type: 'WORK' }],
          emails: [{ email: 'jane@example.com', type: 'WORK' }],
        },
      ],
    },
  ],
  [
    'quick reply buttons',
    interactive('button', {
      action: { buttons: [reply('yes_callback', 'Yes, call me'), reply('no_thanks', 'No thanks')] },
    }),
  ],
  [
    'CTA URL button',
    interactive('cta_url', {
      action: {
        name: 'cta_url',
        parameters: { display_text: 'Track Order', url: 'https://example.com/track/12345' },
      },
    }),
  ],
  [
    'list',
    interactive('list', {
      action: {
        button: 'Choose topic',
        sections: [
          { title: 'Account', rows: [{ id: 'billing', title: 'Billing', description: 'Invoices' }] },
          { title: 'Technical', rows: [{ id: 'api', title: 'API Issues' }] },
        ],
      },
    }),
  ],
  ['location request', interactive('location_request_message', { action: { name: 'send_location' } })],
  ['carousel', interactive('carousel', { action: { cards: [card(0), card(1)] } })],
];

/** What Meta has beyond the page. */
export const MORE_MESSAGES: readonly (readonly [string, Message])[] = [
  ['product', interactive('product', { action: { catalog_id: '1', product_retailer_id: 'sku' } })],
  [
    'product list',
    interactive('product_list', {
      header: { type: 'text', text: 'Offers' },
      action: {
        catalog_id: '1',
        sections: [{ title: 'Tools', product_items: [{ product_retailer_id: 'sku' }] }],
      },
    }),
  ],
  ['catalog', interactive('catalog_message', { action: { name: 'catalog_message' } })],
  [
    'flow',
    interactive('flow', {
      action: {
        name: 'flow',
        parameters: { flow_message_version: '3', flow_id: '1', flow_cta: 'Book', flow_token: 't' },
      },
    }),
  ],
  [
    'call permission',
    interactive('call_permission_request', { action: { name: 'call_permission_request' } }),
  ],
  [
    'voice call',
    interactive('voice_call', { action: { name: 'voice_call', parameters: { display_text: 'Call now' } } }),
  ],
  [
    'address',
    interactive('address_message', { action: { name: 'address_message', parameters: { country: 'IN' } } }),
  ],
  ['contact info', interactive('request_contact_info', { action: { name: 'request_contact_info' } })],
];
