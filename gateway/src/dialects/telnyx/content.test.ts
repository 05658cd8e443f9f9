import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyContent } from '../../../test/contents.ts';
import { check } from './check.ts';
import { fromContent, toContent } from './content.ts';

test('what WhatsApp can say goes through Telnyx’s words and back without a loss, and is taken', () => {
  fc.assert(
    fc.property(anyContent, content => {
      const message = JSON.parse(JSON.stringify(fromContent(content))) as Record<string, unknown>;
      const meant = JSON.parse(JSON.stringify(content)) as unknown;
      expect(toContent(message)).toEqual(meant);
      const checked = check(
        { from: '+15550001000', to: '+15557654321', whatsapp_message: message },
        () => undefined,
      );
      expect(checked.ok ? checked.content : checked.faults).toEqual(meant);
    }),
    { numRuns: 300 },
  );
});
