import { Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link } from '@tanstack/react-router';
import { FirstMessage } from './first-message.tsx';
import { NewPhone } from './new-phone.tsx';
import { usePhones } from './queries.ts';
import classes from './welcome.module.css';

/** The sandbox's numbers that misbehave, so that any client can provoke a failure. */
const BEHAVIOURS = [
  ['+15551 + six-digit code', 'refused at once with that Meta code'],
  ['+15552 + six-digit code', 'fails later, by webhook, with that code'],
  ['+15553000001', 'never any status'],
  ['+15553000002', 'accepted, then no answer'],
  ['+15553000003', 'connection reset before the answer'],
  ['+15553000004', 'statuses 30 s late'],
  ['+15553000005', 'statuses out of order'],
  ['+15553000006', 'statuses twice'],
  ['+15553000007', 'read without delivered'],
] as const;

export function Welcome() {
  const phones = usePhones();
  const [asking, { open, close }] = useDisclosure();
  if (!phones.data) return null;
  return (
    <div className={classes.pane}>
      <div className={classes.column}>
        {phones.data.length === 0 ? (
          <FirstMessage onOpenPhone={open} />
        ) : (
          <Title order={3}>Pick a phone</Title>
        )}
        <section className={classes.numbers} aria-label="Numbers that misbehave">
          <Text fw={600}>Every number is an ordinary phone, but for these:</Text>
          <dl>
            {BEHAVIOURS.map(([number, what]) => (
              <div key={number}>
                <dt>{number}</dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
      <NewPhone opened={asking} onClose={close} />
    </div>
  );
}

export function NotHere({ what }: { what: string }) {
  return (
    <div className={classes.pane}>
      <div className={classes.column}>
        <Title order={3}>{what}</Title>
        <Link to="/">Back to the phones</Link>
      </div>
    </div>
  );
}
