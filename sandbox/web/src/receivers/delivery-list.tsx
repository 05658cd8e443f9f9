import { ActionIcon, Badge, Title } from '@mantine/core';
import { IconAdjustments, IconChevronRight, IconTrash } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { CopyIcon } from '../copy-icon.tsx';
import { exactTime } from '../time.ts';
import classes from './delivery-list.module.css';
import { HowToUse } from './how-to-use.tsx';
import { useDeliveries, useEmptyReceiver, useReceiver } from './queries.ts';
import type { Delivery, Receiver } from './receiver.ts';
import { ReceiverMenu } from './receiver-menu.tsx';
import { VerdictIcon } from './verdict.tsx';
import { behaviourWords, dialectName, isGood, shortAnswer, titleOf } from './words.ts';

export function DeliveryList({ name, selected }: { name: string; selected: string | undefined }) {
  const receiver = useReceiver(name);
  const deliveries = useDeliveries(name);
  return (
    <nav className={classes.list} aria-label="Deliveries">
      <div className={classes.head}>
        <Title order={2} size={20}>
          Webhooks
        </Title>
        <ReceiverMenu name={name} />
      </div>
      {receiver && (
        <div className={classes.address}>
          <code>{receiver.url}</code>
          <CopyIcon value={receiver.url} label="Copy the address" />
        </div>
      )}
      {receiver && receiver.received > 0 && <Counts receiver={receiver} />}
      <div className={classes.scroll}>
        {deliveries.isError && !deliveries.data && <p className={classes.note}>{deliveries.error.message}</p>}
        {receiver && deliveries.data?.length === 0 && (
          <>
            <p className={classes.nothing}>Nothing came yet.</p>
            <div className={classes.first}>
              <HowToUse url={receiver.url} />
            </div>
          </>
        )}
        <ul className={classes.rows}>
          {deliveries.data?.map(delivery => (
            <Row key={delivery.id} delivery={delivery} chosen={String(delivery.id) === selected} />
          ))}
        </ul>
      </div>
      {receiver && (
        <Link to="/webhooks/$name/settings" params={{ name }} className={classes.foot}>
          <IconAdjustments size={20} aria-hidden />
          <span className={classes.how} data-bad={receiver.behaviour.kind !== 'ok' || undefined}>
            {behaviourWords(receiver.behaviour)}
          </span>
          <span className={classes.quiet}>Change</span>
          <IconChevronRight size={16} aria-hidden />
        </Link>
      )}
    </nav>
  );
}

function Counts({ receiver: { name, received, repeats, invalid } }: { receiver: Receiver }) {
  const empty = useEmptyReceiver(name);
  return (
    <div className={classes.counts}>
      <span>
        {received.toLocaleString()} received
        {repeats > 0 && ` · ${repeats.toLocaleString()} repeated`}
        {invalid > 0 && <span className={classes.bad}>{` · ${invalid.toLocaleString()} invalid`}</span>}
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label="Forget what came"
        title="Forget what came"
        loading={empty.isPending}
        onClick={() => empty.mutate()}
      >
        <IconTrash size={17} aria-hidden />
      </ActionIcon>
    </div>
  );
}

const Row = memo(function Row({ delivery, chosen }: { delivery: Delivery; chosen: boolean }) {
  const { receiver: name, id, attempt, seen_before: before, answer } = delivery;
  const side = [
    dialectName(delivery),
    attempt !== null && `attempt ${attempt}`,
    before > 0 && 'came before',
  ].filter(Boolean);
  return (
    <li className={classes.item}>
      <Link
        to="/webhooks/$name/$delivery"
        params={{ name, delivery: String(id) }}
        className={classes.row}
        aria-current={chosen ? 'page' : undefined}
      >
        <VerdictIcon verdict={delivery.signature.verdict} />
        <span className={classes.words}>
          <span className={classes.line}>
            <span className={classes.type}>{titleOf(delivery)}</span>
            <time dateTime={delivery.at}>{exactTime(delivery.at)}</time>
          </span>
          <span className={classes.line}>
            <span className={classes.side}>{side.join(' · ') || delivery.path}</span>
            <Badge
              size="sm"
              variant="light"
              color={isGood(answer) ? 'teal' : answer.state === 'waiting' ? 'yellow' : 'red'}
            >
              {shortAnswer(answer)}
            </Badge>
          </span>
        </span>
      </Link>
    </li>
  );
});
