import { IconTag } from '@tabler/icons-react';
import { Paper } from '../kinds/paper.tsx';
import { Picture } from '../kinds/picture.tsx';
import { PlaceCard } from '../kinds/place-card.tsx';
import { Words } from '../kinds/words.tsx';
import { fullTime } from '../time.ts';
import { OrderLines, OrderStatus } from './order-block.tsx';
import { ProductTiles } from './product-tiles.tsx';
import type { Block, Header, Offer, Rich } from './rich.ts';
import classes from './rich-body.module.css';

/** Everything of it that is read, in WhatsApp's order: header, offer, block, body, footer. */
export function RichBody({ rich }: { rich: Rich }) {
  const { header, offer, block, body, footer } = rich;
  return (
    <>
      {header && <HeaderPart header={header} />}
      {offer && <OfferPart offer={offer} />}
      {block && <BlockPart block={block} />}
      {body !== undefined && <Words text={body} />}
      {footer !== undefined && (
        <span className={classes.footer} dir="auto">
          {footer}
        </span>
      )}
    </>
  );
}

export function HeaderPart({ header }: { header: Header }) {
  switch (header.kind) {
    case 'text':
      return (
        <span className={classes.header} dir="auto">
          {header.text}
        </span>
      );
    case 'image':
    case 'video':
      return (
        <Picture kind={header.kind} media={header.media} name={header.kind === 'image' ? 'Image' : 'Video'} />
      );
    case 'document':
      return <Paper media={header.media} />;
    case 'location':
      return <PlaceCard place={header.place} />;
    case 'product':
      return <ProductTiles productIds={[header.productId]} />;
  }
}

function BlockPart({ block }: { block: Block }) {
  switch (block.kind) {
    case 'products':
      return <ProductTiles productIds={block.productIds} />;
    case 'order':
      return <OrderLines order={block.order} />;
    case 'order_status':
      return <OrderStatus {...block} />;
  }
}

function OfferPart({ offer: { text, expiresAt, code } }: { offer: Offer }) {
  const notes = [
    code === undefined ? undefined : `Code ${code}`,
    expiresAt === undefined ? undefined : endOf(expiresAt),
  ].filter(note => note !== undefined);
  return (
    <div className={classes.offer}>
      <IconTag size={24} stroke={1.6} aria-hidden />
      <span>
        <span className={classes.offerText} dir="auto">
          {text}
        </span>
        {notes.length > 0 && <span className={classes.offerNote}>{notes.join(' · ')}</span>}
      </span>
    </div>
  );
}

function endOf(expiresAt: number): string {
  const at = new Date(expiresAt);
  if (Number.isNaN(at.getTime())) return 'Ends at no time that exists';
  return `${expiresAt < Date.now() ? 'Ended' : 'Ends'} ${fullTime(at.toISOString())}`;
}
