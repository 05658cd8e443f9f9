import type { MediaObject } from './media.ts';

/** An amount times `offset`: 110.00 is `{value: 11000, offset: 100}`. */
export interface Amount {
  readonly value: number;
  readonly offset: number;
}

export interface DescribedAmount extends Amount {
  readonly description?: string;
}

export interface OrderItem {
  readonly retailer_id?: string;
  readonly name: string;
  readonly amount: Amount;
  readonly quantity: number;
  readonly sale_amount?: Amount;
  readonly image?: MediaObject;
}

/** A bill to be paid in the chat (meta-cloud-api §3.1, "order_details parameters"). */
export interface OrderDetails {
  /** Unique for each message. */
  readonly reference_id: string;
  readonly type: 'digital-goods' | 'physical-goods';
  readonly currency: string;
  readonly total_amount: Amount;
  readonly payment_settings?: readonly Record<string, unknown>[];
  /** The older pair in place of `payment_settings`. */
  readonly payment_type?: string;
  readonly payment_configuration?: string;
  readonly beneficiaries?: readonly Record<string, unknown>[];
  readonly order: {
    readonly status: string;
    readonly items: readonly OrderItem[];
    readonly subtotal: Amount;
    readonly tax: DescribedAmount;
    readonly shipping?: DescribedAmount;
    readonly discount?: DescribedAmount & { readonly discount_program_name?: string };
    readonly catalog_id?: string;
    /** Unix seconds. */
    readonly expiration?: { readonly timestamp: string | number; readonly description?: string };
  };
}

/** Where an order stands, told after its `order_details`. */
export interface OrderStatus {
  readonly reference_id: string;
  readonly order: { readonly status: string; readonly description?: string };
}
