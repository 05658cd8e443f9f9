import type { TLocalizedValidationError } from 'typebox/error';
import type { Fault } from './errors.ts';

/** Any URL, in characters (telnyx §4.1, code 10003). */
export const URL_MAX = 2000;

/** Why an address may not be fetched, one sentence; undefined when its shape is fine. */
export type CheckUrl = (url: string) => string | undefined;

/** What a validator found, under Telnyx's codes, each with its pointer. */
export function shapeFaults(errors: readonly TLocalizedValidationError[]): Fault[] {
  return errors.flatMap(error => {
    const pointer = error.instancePath;
    const fault = (code: Fault['code'], detail = `This value ${error.message}.`): Fault[] => [
      { code, detail, pointer },
    ];
    switch (error.keyword) {
      case 'required':
        return error.params.requiredProperties.map(name => missing(`${pointer}/${name}`));
      case 'enum':
        return fault('10032', `This value must be one of: ${error.params.allowedValues.join(', ')}.`);
      case 'const':
        return fault('10032');
      case 'minLength':
      case 'maxLength':
        return fault('10025');
      case 'minimum':
      case 'maximum':
        return fault('10033');
      case 'pattern':
      case 'minItems':
      case 'maxItems':
        return fault('10015');
      default:
        return fault('10026');
    }
  });
}

export function missing(pointer: string): Fault {
  return { code: '10004', detail: `The field ${pointer} is required.`, pointer };
}

/** What is wrong with an address that events shall go to; nothing when there is none. */
export function urlFault(url: string | undefined, pointer: string, checkUrl: CheckUrl): Fault | undefined {
  if (url === undefined) return undefined;
  if (url.length > URL_MAX) {
    const detail = `The URL has ${url.length} characters; at most ${URL_MAX} are taken.`;
    return { code: '10003', detail, pointer };
  }
  const reason = checkUrl(url);
  return reason === undefined ? undefined : { code: '10003', detail: reason, pointer };
}
