import { ActionIcon, Button, Text, TextInput } from '@mantine/core';
import { IconBasket, IconMinus, IconPlus } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { numberOf } from '../fields.ts';
import { keyed } from '../keyed.ts';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import classes from './products-action.module.css';
import { SheetAction } from './sheet-action.tsx';

/** A catalogue's products and a cart. Names and prices are kept at Meta, so the person at the page says the price. */
export function ProductsAction({ action, wamid, choices, onSent }: ActionProps<'products'>) {
  return (
    <SheetAction
      text={action.text}
      icon={<IconBasket size={17} aria-hidden />}
      chosen={choices.includes('order')}
    >
      {close => (
        <Cart
          action={action}
          wamid={wamid}
          onSent={() => {
            close();
            onSent();
          }}
        />
      )}
    </SheetAction>
  );
}

function Cart({ action, wamid, onSent }: Pick<ActionProps<'products'>, 'action' | 'wamid' | 'onSent'>) {
  const [counts, setCounts] = useState<Record<string, number>>({});
  const [others, setOthers] = useState<string[]>([]);
  const [typed, setTyped] = useState('');
  const [price, setPrice] = useState('10.00');
  const [currency, setCurrency] = useState('USD');
  const [note, setNote] = useState('');
  const send = useSend();
  const amount = numberOf(price);
  const wanted = Object.entries(counts).filter(([, count]) => count > 0);
  const step = (id: string, by: number) =>
    setCounts(known => ({ ...known, [id]: Math.max(0, (known[id] ?? 0) + by) }));
  const add = () => {
    const id = typed.trim();
    if (id === '') return;
    setOthers(known => (known.includes(id) ? known : [...known, id]));
    step(id, 1);
    setTyped('');
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (amount === undefined || wanted.length === 0) return;
    send.mutate(
      {
        outgoing: {
          type: 'order',
          order: {
            catalog_id: action.catalogId,
            ...(note.trim() !== '' && { text: note.trim() }),
            product_items: wanted.map(([id, quantity]) => ({
              product_retailer_id: id,
              quantity,
              item_price: amount,
              currency: currency.trim(),
            })),
          },
        },
        quotes: wamid,
      },
      { onSuccess: onSent },
    );
  };
  const sections = [
    ...action.sections,
    ...(others.length > 0 ? [{ title: 'Others', productIds: others }] : []),
  ];
  return (
    <form onSubmit={submit}>
      {keyed(sections).map(({ key, item: { title, productIds } }) => (
        <div key={key}>
          {title !== undefined && <div className={classes.title}>{title}</div>}
          {[...new Set(productIds)].map(id => (
            <div key={id} className={classes.item}>
              <span className={classes.id}>{id}</span>
              <ActionIcon
                variant="default"
                aria-label={`One ${id} fewer`}
                disabled={!counts[id]}
                onClick={() => step(id, -1)}
              >
                <IconMinus size={15} aria-hidden />
              </ActionIcon>
              <output className={classes.count} aria-label={`${id} in the cart`}>
                {counts[id] ?? 0}
              </output>
              <ActionIcon variant="default" aria-label={`One more ${id}`} onClick={() => step(id, 1)}>
                <IconPlus size={15} aria-hidden />
              </ActionIcon>
            </div>
          ))}
        </div>
      ))}
      <div className={classes.pair}>
        <TextInput
          label="Another product"
          placeholder="Its id in the catalog"
          value={typed}
          onChange={event => setTyped(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            add();
          }}
        />
        <Button variant="default" onClick={add} disabled={typed.trim() === ''}>
          Add
        </Button>
      </div>
      <div className={classes.pair}>
        <TextInput
          label="Price of each"
          inputMode="decimal"
          value={price}
          error={amount === undefined ? 'A number, such as 10.00' : undefined}
          onChange={event => setPrice(event.currentTarget.value)}
        />
        <TextInput
          label="Currency"
          w={90}
          maxLength={3}
          value={currency}
          onChange={event => setCurrency(event.currentTarget.value.toUpperCase())}
        />
      </div>
      <TextInput
        mt="xs"
        label="Note"
        value={note}
        dir="auto"
        onChange={event => setNote(event.currentTarget.value)}
      />
      <Text size="sm" c="var(--sandbox-quiet)" mt="xs">
        The catalog is kept at Meta: prices are yours to say here.
      </Text>
      <Refusal error={send.error} />
      <Button
        type="submit"
        fullWidth
        mt="sm"
        disabled={wanted.length === 0 || amount === undefined}
        loading={send.isPending}
      >
        Send order
      </Button>
    </form>
  );
}
