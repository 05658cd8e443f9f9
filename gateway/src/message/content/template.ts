import type { ProductSection } from './interactive.ts';
import type { CaptionedMedia, DocumentMedia, Place } from './media.ts';
import type { OrderDetails, OrderStatus } from './order.ts';

/** The value of `template` (meta-cloud-api §3.2). */
export interface TemplateObject {
  readonly name: string;
  /** The code must be the template's, letter for letter. */
  readonly language: { readonly code: string; readonly policy?: string };
  readonly components?: readonly TemplateComponent[];
}

/**
 * What fills one component of a template: header, body, button, carousel, limited_time_offer, order_status. Open, for
 * two reasons: Meta does not mind the case of `type` and `sub_type`, and it adds to both without changing the shape.
 */
export interface TemplateComponent {
  readonly type: string;
  /** Of a button: quick_reply, url, copy_code, catalog, mpm, flow, voice_call, order_details. */
  readonly sub_type?: string;
  /** Of a button: its place in the template, from 0; text or integer. */
  readonly index?: string | number;
  readonly parameters?: readonly TemplateParameter[];
  /** Of a carousel. */
  readonly cards?: readonly TemplateCard[];
}

export interface TemplateCard {
  readonly card_index: number;
  readonly components: readonly TemplateComponent[];
}

/** One value. The field named like `type` holds it; `parameter_name` is given when the template's are named. */
export interface TemplateParameter {
  readonly type: string;
  readonly parameter_name?: string;
  readonly text?: string;
  readonly currency?: {
    readonly fallback_value: string;
    readonly code: string;
    /** The amount times 1000. */
    readonly amount_1000: number;
  };
  readonly date_time?: { readonly fallback_value: string };
  readonly image?: CaptionedMedia;
  readonly video?: CaptionedMedia;
  readonly document?: DocumentMedia;
  readonly location?: Place;
  readonly product?: { readonly product_retailer_id: string; readonly catalog_id: string };
  readonly payload?: string;
  readonly coupon_code?: string;
  readonly action?: TemplateAction;
  readonly ttl_minutes?: number;
  /** Unix milliseconds. */
  readonly limited_time_offer?: { readonly expiration_time_ms: number };
  readonly order_status?: OrderStatus;
  /** Kinds of parameters that Meta has and we do not know go through as they are. */
  readonly [field: string]: unknown;
}

/** What a catalog, mpm, flow or order_details button of a template is given. */
export interface TemplateAction {
  readonly thumbnail_product_retailer_id?: string;
  readonly sections?: readonly ProductSection[];
  readonly flow_token?: string;
  readonly flow_action_data?: Record<string, unknown>;
  readonly order_details?: OrderDetails;
}
