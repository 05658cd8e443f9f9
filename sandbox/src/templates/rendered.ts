import { parameterText, type SendComponent, type SendParameter } from './fit.ts';
import type { TemplateContent } from './send.ts';
import { type Button, buttonsOf, type Component, partOf, variablesOf } from './template.ts';

/** A template as a phone shows it, its values put in. */
export interface RenderedTemplate {
  header?: { format: string; text?: string; media_url?: string; location?: unknown };
  body: string;
  footer?: string;
  buttons: RenderedButton[];
  cards?: RenderedTemplate[];
  limited_time_offer?: { text: string; expiration_time_ms?: number };
}

interface RenderedButton {
  type: string;
  text: string;
  index: number;
  url?: string;
  phone_number?: string;
  payload?: string;
  coupon_code?: string;
}

/** Puts a send into the wording of its template. `urlOf` gives the address of a media object. */
export function renderTemplate(
  wording: readonly Component[],
  { components }: TemplateContent,
  urlOf: (media: { id?: string; link?: string }) => string | undefined,
): RenderedTemplate {
  return render(wording, components ?? [], urlOf);
}

/** As one text: header, body and footer under each other. */
export function textOf({ header, body, footer }: RenderedTemplate): string {
  return [header?.text, body, footer].filter(part => part !== undefined && part !== '').join('\n\n');
}

function render(
  wording: readonly Component[],
  given: SendComponent[],
  urlOf: (media: { id?: string; link?: string }) => string | undefined,
): RenderedTemplate {
  const header = partOf(wording, 'HEADER');
  const footer = partOf(wording, 'FOOTER')?.text;
  const offer = partOf(wording, 'LIMITED_TIME_OFFER')?.limited_time_offer;
  const cards = partOf(wording, 'CAROUSEL')?.cards;
  const sentCards = partIn(given, 'carousel')?.cards ?? [];
  const expiration = partIn(given, 'limited_time_offer')?.parameters?.[0]?.limited_time_offer
    ?.expiration_time_ms;
  return {
    ...(header && { header: renderHeader(header, partIn(given, 'header')?.parameters ?? [], urlOf) }),
    body: fill(partOf(wording, 'BODY')?.text, partIn(given, 'body')?.parameters),
    ...(footer !== undefined && { footer }),
    buttons: buttonsOf(wording).map((button, index) => renderButton(button, index, given)),
    ...(cards && {
      cards: cards.map((card, index) =>
        render(
          card.components,
          sentCards.find(({ card_index }) => card_index === index)?.components ?? [],
          urlOf,
        ),
      ),
    }),
    ...(offer && {
      limited_time_offer: {
        text: offer.text,
        ...(expiration !== undefined && { expiration_time_ms: expiration }),
      },
    }),
  };
}

function partIn(components: SendComponent[], type: string): SendComponent | undefined {
  return components.find(component => component.type.toLowerCase() === type);
}

function renderHeader(
  { format = 'TEXT', text }: Component,
  parameters: SendParameter[],
  urlOf: (media: { id?: string; link?: string }) => string | undefined,
): NonNullable<RenderedTemplate['header']> {
  if (format === 'TEXT') return { format, text: fill(text, parameters) };
  const [parameter] = parameters;
  if (format === 'LOCATION') return { format, location: parameter?.location };
  const media = parameter?.[parameter.type] as { id?: string; link?: string } | undefined;
  const url = media && urlOf(media);
  return { format, ...(url !== undefined && { media_url: url }) };
}

/** Named values go by their names, the others in order. */
function fill(text: string | undefined, parameters: SendParameter[] = []): string {
  if (text === undefined) return '';
  const order = variablesOf(text);
  return text.replace(/\{\{([^{}]*)\}\}/g, (whole, inner: string) => {
    const name = inner.trim();
    const parameter = parameters.find(one => one.parameter_name === name) ?? parameters[order.indexOf(name)];
    return parameter === undefined ? whole : parameterText(parameter);
  });
}

function renderButton(button: Button, index: number, given: SendComponent[]): RenderedButton {
  const component = given.find(
    one => one.type.toLowerCase() === 'button' && Number(one.index ?? 0) === index,
  );
  const [parameter] = component?.parameters ?? [];
  const { type, text = '', phone_number } = button;
  const code = parameter?.coupon_code;
  return {
    type,
    text,
    index,
    ...(button.url !== undefined && {
      url: button.url.replace(/\{\{[^{}]*\}\}$/, parameter?.text ?? ''),
    }),
    ...(phone_number !== undefined && { phone_number }),
    ...(code !== undefined && { coupon_code: code }),
    // Without one, a tap gives the text of the button back.
    ...(type === 'QUICK_REPLY' && { payload: parameter?.payload ?? text }),
  };
}
