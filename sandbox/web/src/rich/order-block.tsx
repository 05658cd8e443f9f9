import { IconTruckDelivery } from '@tabler/icons-react';
import { keyed } from '../keyed.ts';
import { moneyText } from '../money.ts';
import classes from './order-block.module.css';
import type { Order } from './rich.ts';

/** Items before the bubble says how many more there are; the sheet shows all. */
const SHOWN = 3;

/** An order as a receipt. */
export function OrderLines({ order, all = false }: { order: Order; all?: boolean }) {
  const { items, parts, total, currency, referenceId } = order;
  const shown = all ? items : items.slice(0, SHOWN);
  return (
    <div className={classes.order}>
      {referenceId !== undefined && <div className={classes.quiet}>Order {referenceId}</div>}
      {keyed(shown).map(({ key, item: { name, quantity, amount } }) => (
        <div key={key} className={classes.line}>
          <span dir="auto">
            {quantity} × {name}
          </span>
          {amount && <span>{moneyText(amount, currency)}</span>}
        </div>
      ))}
      {shown.length < items.length && (
        <div className={classes.quiet}>and {items.length - shown.length} more items</div>
      )}
      <div className={classes.parts}>
        {all &&
          parts.map(({ label, amount }) => (
            <div key={label} className={`${classes.line} ${classes.quiet}`}>
              <span>{label}</span>
              <span>
                {label === 'Discount' ? '−' : ''}
                {moneyText(amount, currency)}
              </span>
            </div>
          ))}
        {total && (
          <div className={`${classes.line} ${classes.total}`}>
            <span>Total</span>
            <span>{moneyText(total, currency)}</span>
          </div>
        )}
      </div>
    </div>
  );
}

interface OrderStatusProps {
  referenceId?: string;
  status: string;
  description?: string;
}

/** How far an order has come; `partially_shipped` as "Partially shipped". */
export function OrderStatus({ referenceId, status, description }: OrderStatusProps) {
  const words = status.replace(/[_-]/g, ' ');
  return (
    <div className={`${classes.order} ${classes.status}`}>
      <IconTruckDelivery size={26} stroke={1.5} aria-hidden />
      <span>
        <span className={classes.name}>{words.charAt(0).toUpperCase() + words.slice(1)}</span>
        {referenceId !== undefined && <span className={classes.quiet}>Order {referenceId}</span>}
        {description !== undefined && (
          <span className={classes.quiet} dir="auto">
            {referenceId === undefined ? '' : ' · '}
            {description}
          </span>
        )}
      </span>
    </div>
  );
}
