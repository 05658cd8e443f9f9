import { keyed } from '../keyed.ts';
import { Words } from '../kinds/words.tsx';
import { Scroller } from '../scroller.tsx';
import { ActionGroup } from './action-row.tsx';
import { Actions } from './actions.tsx';
import classes from './carousel.module.css';
import type { Card } from './rich.ts';
import { HeaderPart } from './rich-body.tsx';

interface CarouselProps {
  cards: Card[];
  wamid: string;
  choices: readonly string[];
}

/** Cards beside each other that scroll sideways; each has buttons of its own. */
export function Carousel({ cards, wamid, choices }: CarouselProps) {
  return (
    <Scroller className={classes.strip} role="region" aria-label={`${cards.length} cards`}>
      {keyed(cards).map(({ key, item: card }) => (
        <article key={key} className={classes.card} aria-label={`Card ${key + 1} of ${cards.length}`}>
          {card.header && <HeaderPart header={card.header} />}
          <div className={classes.words}>{card.body !== undefined && <Words text={card.body} />}</div>
          {card.actions.length > 0 && (
            <ActionGroup>
              <Actions actions={card.actions} wamid={wamid} choices={choices} />
            </ActionGroup>
          )}
        </article>
      ))}
    </Scroller>
  );
}
