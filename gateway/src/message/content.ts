/** Everything about what a message says, from one place. */
export { checkContent } from './content/check/content.ts';
export type { ContactCard } from './content/contacts.ts';
export { CONTENT_FAULTS_MAX, type ContentFault, type FaultKind } from './content/faults.ts';
export type {
  Interactive,
  InteractiveButton,
  InteractiveKind,
  MediaHeader,
  TextHeader,
} from './content/interactive.ts';
export {
  type AudioContent,
  CONTENT_KINDS,
  type ContactsContent,
  type Content,
  type ContentKind,
  type DocumentContent,
  type ImageContent,
  type InteractiveContent,
  type LocationContent,
  type ReactionContent,
  SEND_CATEGORIES,
  type SendCategory,
  type StickerContent,
  type TemplateContent,
  type TextContent,
  type VideoContent,
} from './content/kinds.ts';
export type { AudioMedia, CaptionedMedia, DocumentMedia, MediaObject, Place } from './content/media.ts';
export type { OrderDetails, OrderStatus } from './content/order.ts';
export { findUnsendable, mended } from './content/sendable.ts';
export type {
  TemplateAction,
  TemplateCard,
  TemplateComponent,
  TemplateObject,
  TemplateParameter,
} from './content/template.ts';
