import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CONTENTS, INTERACTIVES } from '../../../test/contents.ts';
import { GRAPH_SENDER, type GraphSide, graphSide } from '../../../test/graph.ts';

/**
 * What reaches the Graph API, held against the types of Meta's own OpenAPI file (v23.0, the request of
 * `/{Phone-Number-ID}/messages`; types, limits and required fields only).
 */
const { $defs } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/fixtures/meta-messages-v23.json'), 'utf8'),
) as { $defs: Record<string, { allOf?: [object, { additionalProperties?: boolean }] }> };
// Each kind is "all of" the frame and a part that allows no field of the frame: nothing would fit both.
for (const { allOf } of Object.values($defs)) delete allOf?.[1].additionalProperties;

const ajv = new Ajv2020({ strict: false, allErrors: true });
const validators = new Map(
  Object.keys(CONTENTS).map(kind => {
    const name = `${kind.slice(0, 1).toUpperCase()}${kind.slice(1)}Message`;
    return [kind, ajv.compile({ $ref: `#/$defs/${name}`, $defs })];
  }),
);

let graph: GraphSide;
beforeAll(async () => {
  graph = await graphSide();
});
afterAll(() => graph.close());

/** The file has not this kind yet, nor its action. */
const UNKNOWN_KIND = [
  '/interactive/action oneOf',
  '/interactive/action required',
  '/interactive/action/name enum',
  '/interactive/type enum',
];
/** Nor do its actions with parameters know those of this one. */
const UNKNOWN_PARAMETERS = [
  ...UNKNOWN_KIND.slice(0, 3),
  '/interactive/action/parameters oneOf',
  '/interactive/action/parameters required',
  '/interactive/type enum',
];

/** Where the file is behind Meta's pages (meta-cloud-api §3, §3.1, §3.2), with what it says then. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  // `policy` is optional in practice; the pattern of `index` is a class of characters that was meant as a list.
  template: ['/template/components/*/index pattern', '/template/language required'],
  // Meta's samples write numbers.
  location: ['/location/latitude type', '/location/longitude type'],
  // CELL, MAIN and IPHONE are types as well, and a card may hold a type alone.
  contacts: ['/contacts/*/phones/* required', '/contacts/*/phones/*/type enum'],
  // `parameters` is optional in the pages.
  catalog_message: UNKNOWN_KIND.slice(0, 3),
  carousel: ['/interactive/action oneOf', '/interactive/action required', '/interactive/type enum'],
  location_request_message: UNKNOWN_KIND,
  request_contact_info: UNKNOWN_KIND,
  cta_url: UNKNOWN_PARAMETERS,
  order_details: UNKNOWN_PARAMETERS,
  order_status: UNKNOWN_PARAMETERS,
  voice_call: UNKNOWN_PARAMETERS,
  address_message: UNKNOWN_PARAMETERS,
};

const SEED = 20_261_126;
const SAMPLES = 20;

/** What the file has against the bytes that arrived, each once, without the branches of its unions. */
async function objections(content: object): Promise<string[]> {
  const json = JSON.stringify(content);
  const callback = 'wb:01939b0b-0000-7000-8000-000000000003:1';
  await graph.whatsapp.send(GRAPH_SENDER, { recipient: '+15557654321', content: json, callback });
  const last = graph.bodies.at(-1) ?? '';
  expect(JSON.parse(last)).toEqual({
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    to: '+15557654321',
    biz_opaque_callback_data: callback,
    ...(JSON.parse(json) as object),
  });
  const validate = validators.get((content as { type: string }).type)!;
  validate(JSON.parse(last));
  return (validate.errors ?? []).map(one => `${one.instancePath.replace(/\/\d+/g, '/*')} ${one.keyword}`);
}

async function all(samples: readonly object[]): Promise<string[]> {
  const found = new Set<string>();
  for (const sample of samples) for (const one of await objections(sample)) found.add(one);
  return [...found].sort();
}

describe('each kind is as the file has it', () => {
  test.each(Object.entries(CONTENTS).filter(([type]) => type !== 'interactive'))(
    '%s',
    async (type, inner) => {
      const samples = fc
        .sample(inner, { seed: SEED, numRuns: SAMPLES })
        .map(said => ({ type, [type]: said }));
      expect(await all(samples)).toEqual(BEHIND[type] ?? []);
    },
  );
});

describe('interactive kinds', () => {
  test.each(Object.entries(INTERACTIVES))('%s', async (kind, inner) => {
    const samples = fc
      .sample(inner, { seed: SEED, numRuns: SAMPLES })
      .map(interactive => ({ type: 'interactive', interactive }));
    expect(await all(samples)).toEqual(BEHIND[kind] ?? []);
  });
});
