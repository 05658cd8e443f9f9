import { Title } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { BackToList } from './back-to-list.tsx';
import { BehaviourForm } from './behaviour-form.tsx';
import { HowToUse } from './how-to-use.tsx';
import { KeyForms } from './key-forms.tsx';
import { useReceiver } from './queries.ts';
import classes from './settings-screen.module.css';

/** How a receiver answers and what it checks with. */
export function SettingsScreen() {
  const { name = '' } = useParams({ strict: false });
  const receiver = useReceiver(name);
  if (!receiver) return null;
  const use = (
    <section className={classes.card} aria-labelledby="use">
      <Title order={3} size={17} id="use">
        Send reports here
      </Title>
      <HowToUse url={receiver.url} />
    </section>
  );
  return (
    <div className={classes.pane} key={name}>
      <BackToList name={name} />
      {receiver.received === 0 && use}
      <section className={classes.card} aria-labelledby="behaviour">
        <Title order={3} size={17} id="behaviour">
          How it answers
        </Title>
        <BehaviourForm receiver={receiver} />
      </section>
      <section className={classes.card} aria-labelledby="keys">
        <Title order={3} size={17} id="keys">
          Keys to check signatures with
        </Title>
        <KeyForms receiver={receiver} />
      </section>
      {receiver.received > 0 && use}
    </div>
  );
}
