import type { InteractiveReply } from '../outgoing.ts';
import type { AddressAsk } from './rich.ts';

type NfmReply = Extract<InteractiveReply, { type: 'nfm_reply' }>['nfm_reply'];

export interface FlowAnswer {
  name: string;
  value: string;
}

/** A completed flow as Meta reports it; a field without a name is left out. */
export function flowReply(token: string, answers: readonly FlowAnswer[]): NfmReply {
  const fields = answers
    .filter(({ name }) => name.trim() !== '')
    .map(({ name, value }) => [name.trim(), value]);
  return {
    name: 'flow',
    body: 'Sent',
    response_json: JSON.stringify({ ...Object.fromEntries(fields), flow_token: token }),
  };
}

/** The fields of an address in India with their labels, in the order of its form (meta-cloud-api §3.1). */
export const ADDRESS_FIELDS = [
  ['name', 'Name'],
  ['phone_number', 'Phone number'],
  ['in_pin_code', 'Pin code'],
  ['house_number', 'Flat or house number'],
  ['floor_number', 'Floor number'],
  ['tower_number', 'Tower number'],
  ['building_name', 'Building or apartment name'],
  ['address', 'Address'],
  ['landmark_area', 'Landmark or area'],
  ['city', 'City'],
  ['state', 'State'],
] as const;

/** An address as Meta reports it: the fields filled in, and which saved one it was. */
export function addressReply(values: AddressAsk['values'], savedId?: string): NfmReply {
  const given = Object.entries(values).filter(([, value]) => value.trim() !== '');
  return {
    name: 'address_message',
    body: given.map(([, value]) => value).join('\n'),
    response_json: JSON.stringify({
      ...(savedId !== undefined && { saved_address_id: savedId }),
      values: Object.fromEntries(given),
    }),
  };
}
