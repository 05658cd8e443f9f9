import { Anchor, Avatar } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { keyed } from '../keyed.ts';
import { ActionRow } from '../rich/action-row.tsx';
import { Sheet } from '../sheet.tsx';
import classes from './contact-cards.module.css';
import type { Person } from './people.ts';

/** How many faces a bubble shows before it says how many more there are. */
const SHOWN = 3;

/** The contacts in a bubble: the first few by name. */
export function ContactCards({ people }: { people: Person[] }) {
  return (
    <div className={classes.card}>
      {keyed(people.slice(0, SHOWN)).map(({ key, item }) => (
        <Face key={key} person={item} />
      ))}
      {people.length > SHOWN && (
        <span className={classes.about}>and {people.length - SHOWN} more contacts</span>
      )}
    </div>
  );
}

/** The way to all that the cards hold. */
export function ContactActions({ people }: { people: Person[] }) {
  const [opened, { open, close }] = useDisclosure();
  const one = people.length === 1;
  return (
    <>
      <ActionRow text={one ? 'View contact' : `View all ${people.length}`} onTap={open} />
      <Sheet opened={opened} onClose={close} title={one ? 'Contact' : `${people.length} contacts`}>
        <ul className={classes.all}>
          {keyed(people).map(({ key, item: person }) => (
            <li key={key} className={classes.one}>
              <Face person={{ ...person, about: undefined }} />
              <dl className={classes.details}>
                {keyed(person.details).map(({ key: at, item: { label, text, href } }) => (
                  <div key={at}>
                    <dt>{label}</dt>
                    <dd dir="auto">
                      {href === undefined ? (
                        text
                      ) : (
                        <Anchor
                          href={href}
                          inherit
                          c="var(--sandbox-link)"
                          target="_blank"
                          rel="noreferrer noopener"
                        >
                          {text}
                        </Anchor>
                      )}
                    </dd>
                  </div>
                ))}
              </dl>
            </li>
          ))}
        </ul>
      </Sheet>
    </>
  );
}

function Face({ person: { name, about } }: { person: Person }) {
  return (
    <div className={classes.person}>
      <Avatar name={name} color="initials" size={40} aria-hidden />
      <span className={classes.words}>
        <span className={classes.name} dir="auto">
          {name}
        </span>
        {about !== undefined && (
          <span className={classes.about} dir="auto">
            {about}
          </span>
        )}
      </span>
    </div>
  );
}
