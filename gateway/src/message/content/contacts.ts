/** One card of a `contacts` message (meta-cloud-api §3). */
export interface ContactCard {
  readonly name: {
    readonly formatted_name: string;
    readonly first_name?: string;
    readonly last_name?: string;
    readonly middle_name?: string;
    readonly prefix?: string;
    readonly suffix?: string;
  };
  readonly phones?: readonly { readonly phone?: string; readonly type?: string; readonly wa_id?: string }[];
  readonly emails?: readonly { readonly email?: string; readonly type?: string }[];
  readonly urls?: readonly { readonly url?: string; readonly type?: string }[];
  readonly addresses?: readonly {
    readonly street?: string;
    readonly city?: string;
    readonly state?: string;
    readonly zip?: string;
    readonly country?: string;
    readonly country_code?: string;
    readonly type?: string;
  }[];
  readonly org?: { readonly company?: string; readonly department?: string; readonly title?: string };
  /** `YYYY-MM-DD` */
  readonly birthday?: string;
}
