import type { MediaObject } from './media.ts';
import type { OrderDetails, OrderStatus } from './order.ts';

/** The value of `interactive` for each kind of meta-cloud-api §3.1. */
export type Interactive =
  | ButtonInteractive
  | ListInteractive
  | CtaUrlInteractive
  | LocationRequestInteractive
  | ProductInteractive
  | ProductListInteractive
  | CatalogInteractive
  | OrderDetailsInteractive
  | OrderStatusInteractive
  | FlowInteractive
  | CarouselInteractive
  | CallPermissionInteractive
  | VoiceCallInteractive
  | AddressInteractive
  | ContactInfoInteractive;

export type InteractiveKind = Interactive['type'];

export interface TextPart {
  readonly text: string;
}

export interface TextHeader {
  readonly type: 'text';
  readonly text: string;
  readonly sub_text?: string;
}

export type MediaHeader =
  | { readonly type: 'image'; readonly image: MediaObject }
  | { readonly type: 'video'; readonly video: MediaObject }
  | { readonly type: 'document'; readonly document: MediaObject & { readonly filename?: string } };

export type Header = TextHeader | MediaHeader;

export interface ButtonInteractive {
  readonly type: 'button';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: { readonly buttons: readonly InteractiveButton[] };
}

/** Buttons other than `reply` go with Direct Send only (meta-cloud-api §3.3). */
export type InteractiveButton =
  | { readonly type: 'reply'; readonly reply: { readonly id: string; readonly title: string } }
  | { readonly type: 'cta_url'; readonly cta_url: { readonly display_text: string; readonly url: string } };

export interface ListInteractive {
  readonly type: 'list';
  readonly header?: TextHeader;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: {
    readonly button: string;
    readonly sections: readonly {
      readonly title?: string;
      readonly rows: readonly {
        readonly id: string;
        readonly title: string;
        readonly description?: string;
      }[];
    }[];
  };
}

export interface CtaUrlAction {
  readonly name: 'cta_url';
  readonly parameters: { readonly display_text: string; readonly url: string };
}

export interface CtaUrlInteractive {
  readonly type: 'cta_url';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: CtaUrlAction;
}

export interface LocationRequestInteractive {
  readonly type: 'location_request_message';
  readonly body: TextPart;
  readonly action: { readonly name: 'send_location' };
}

export interface ProductAction {
  readonly catalog_id: string;
  readonly product_retailer_id: string;
}

export interface ProductInteractive {
  readonly type: 'product';
  readonly body?: TextPart;
  readonly footer?: TextPart;
  readonly action: ProductAction;
}

export interface ProductSection {
  readonly title?: string;
  readonly product_items: readonly { readonly product_retailer_id: string }[];
}

export interface ProductListInteractive {
  readonly type: 'product_list';
  readonly header: TextHeader;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: { readonly catalog_id: string; readonly sections: readonly ProductSection[] };
}

export interface CatalogInteractive {
  readonly type: 'catalog_message';
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: {
    readonly name: 'catalog_message';
    readonly parameters?: { readonly thumbnail_product_retailer_id?: string };
  };
}

export interface OrderDetailsInteractive {
  readonly type: 'order_details';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: { readonly name: 'review_and_pay'; readonly parameters: OrderDetails };
}

export interface OrderStatusInteractive {
  readonly type: 'order_status';
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: { readonly name: 'review_order'; readonly parameters: OrderStatus };
}

export interface FlowInteractive {
  readonly type: 'flow';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: {
    readonly name: 'flow';
    readonly parameters: {
      readonly flow_message_version: string;
      /** Exactly one of `flow_id` and `flow_name`. */
      readonly flow_id?: string;
      readonly flow_name?: string;
      readonly flow_cta: string;
      readonly mode?: 'published' | 'draft';
      readonly flow_token?: string;
      readonly flow_action?: 'navigate' | 'data_exchange';
      readonly flow_action_payload?: { readonly screen?: string; readonly data?: Record<string, unknown> };
    };
  };
}

export interface MediaCard {
  readonly card_index: number;
  readonly type: 'cta_url';
  readonly header: Exclude<MediaHeader, { readonly type: 'document' }>;
  readonly body?: TextPart;
  readonly action: CtaUrlAction;
}

export interface ProductCard {
  readonly card_index: number;
  readonly type: 'product';
  readonly action: ProductAction;
}

/** All cards of one kind. */
export interface CarouselInteractive {
  readonly type: 'carousel';
  readonly body: TextPart;
  readonly action: { readonly cards: readonly MediaCard[] | readonly ProductCard[] };
}

export interface CallPermissionInteractive {
  readonly type: 'call_permission_request';
  readonly body?: TextPart;
  readonly action: { readonly name: 'call_permission_request' };
}

export interface VoiceCallInteractive {
  readonly type: 'voice_call';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: {
    readonly name: 'voice_call';
    readonly parameters?: {
      readonly display_text?: string;
      readonly ttl_minutes?: number;
      readonly payload?: string;
    };
  };
}

export interface AddressInteractive {
  readonly type: 'address_message';
  readonly header?: Header;
  readonly body: TextPart;
  readonly footer?: TextPart;
  readonly action: {
    readonly name: 'address_message';
    readonly parameters: {
      readonly country: string;
      readonly values?: Record<string, string>;
      readonly saved_addresses?: readonly { readonly id: string; readonly value: Record<string, string> }[];
      readonly validation_errors?: Record<string, string>;
    };
  };
}

export interface ContactInfoInteractive {
  readonly type: 'request_contact_info';
  readonly body: TextPart;
  readonly action: { readonly name: 'request_contact_info' };
}
