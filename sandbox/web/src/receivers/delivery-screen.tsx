import { SegmentedControl, Text, Title } from '@mantine/core';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { CopyIcon } from '../copy-icon.tsx';
import { Scroller } from '../scroller.tsx';
import { fullTime } from '../time.ts';
import { BackToList } from './back-to-list.tsx';
import classes from './delivery-screen.module.css';
import { Json } from './json.tsx';
import { useDeliveries, useDelivery } from './queries.ts';
import type { Delivery, WholeDelivery } from './receiver.ts';
import { VerdictCard } from './verdict.tsx';
import { answerWords, dialectName, isGood, sizeWords, titleOf } from './words.ts';

/** One delivery as it came. */
export function DeliveryScreen() {
  const { name = '', delivery: id = '' } = useParams({ strict: false });
  const whole = useDelivery(name, id);
  // Of an answer that comes later the list hears first.
  const brief = useDeliveries(name).data?.find(each => String(each.id) === id) ?? whole.data;
  return (
    <div className={classes.pane}>
      <BackToList name={name} />
      {brief && <Facts delivery={brief} />}
      {whole.data && (
        <>
          <Body key={id} delivery={whole.data} />
          <Headers headers={whole.data.headers} />
        </>
      )}
      {whole.isError && !whole.data && (
        <Text role="alert" c="var(--sandbox-bad)">
          {whole.error.message}
        </Text>
      )}
    </div>
  );
}

function Facts({ delivery }: { delivery: Delivery }) {
  const { at, event_id: eventId, attempt, seen_before: before, answer, method, path } = delivery;
  return (
    <>
      <div>
        <Title order={3} size={20} className={classes.title}>
          {titleOf(delivery)}
        </Title>
        <Text c="var(--sandbox-quiet)" size="sm">
          {[
            dialectName(delivery) ?? 'No dialect that is known here',
            fullTime(at),
            attempt !== null && `attempt ${attempt}`,
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </div>
      <VerdictCard signature={delivery.signature} />
      <dl className={classes.facts}>
        <div>
          <dt>Answer</dt>
          <dd data-bad={(!isGood(answer) && answer.state !== 'waiting') || undefined}>
            {answerWords(answer)}
          </dd>
        </div>
        {eventId !== null && (
          <div>
            <dt>Event</dt>
            <dd>
              <code>{eventId}</code>
              <span className={classes.repeat} data-again={before > 0 || undefined}>
                {before === 0
                  ? 'for the first time'
                  : `came ${before === 1 ? 'once' : `${before} times`} before`}
              </span>
            </dd>
          </div>
        )}
        <div>
          <dt>Request</dt>
          <dd>
            <code>
              {method} {path}
            </code>
          </dd>
        </div>
      </dl>
    </>
  );
}

/** Longer ones are shown cut: a browser that lays out megabytes of text stands still. */
const SHOWN_MAX = 200_000;

function Body({ delivery: { body, body_base64: bytes, size } }: { delivery: WholeDelivery }) {
  const [form, setForm] = useState<'pretty' | 'raw'>('pretty');
  const pretty = useMemo(() => prettyOf(body), [body]);
  const raw = body ?? bytes ?? '';
  const shown = form === 'pretty' && pretty !== undefined ? pretty : raw;
  return (
    <section className={classes.card} aria-label="Body">
      <div className={classes.cardHead}>
        <Title order={4} size={15}>
          Body <span className={classes.quiet}>{sizeWords(size)}</span>
        </Title>
        {pretty !== undefined && (
          <SegmentedControl
            size="xs"
            aria-label="Form of the body"
            value={form}
            onChange={value => setForm(value as typeof form)}
            data={[
              { value: 'pretty', label: 'Readable' },
              { value: 'raw', label: 'As it came' },
            ]}
          />
        )}
        {raw !== '' && <CopyIcon value={raw} label="Copy the body" />}
      </div>
      {bytes !== undefined && <p className={classes.note}>It is no UTF-8: here in base64.</p>}
      {raw === '' ? (
        <p className={classes.note}>Empty.</p>
      ) : (
        <Scroller className={classes.code} role="region" aria-label="Body of the request" dir="ltr">
          {shown === pretty ? <Json text={cut(shown)} /> : cut(shown)}
        </Scroller>
      )}
    </section>
  );
}

function Headers({ headers }: { headers: WholeDelivery['headers'] }) {
  return (
    <section className={classes.card} aria-label="Headers">
      <div className={classes.cardHead}>
        <Title order={4} size={15}>
          Headers
        </Title>
      </div>
      <dl className={classes.headers}>
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{[value].flat().join(', ')}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function prettyOf(body: string | undefined): string | undefined {
  if (body === undefined) return undefined;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}\n… cut here; copying takes the whole` : text;
}
