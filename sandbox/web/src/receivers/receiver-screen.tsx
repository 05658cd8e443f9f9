import { Outlet, useMatchRoute, useParams } from '@tanstack/react-router';
import { DeliveryList } from './delivery-list.tsx';
import classes from './receiver-screen.module.css';

/** What came to a receiver, and beside it one delivery or the settings; on a phone's width one after the other. */
export function ReceiverScreen() {
  const { name = '', delivery } = useParams({ strict: false });
  const settings = useMatchRoute()({ to: '/webhooks/$name/settings' }) !== false;
  return (
    <div className={classes.screen} data-part={delivery !== undefined || settings ? 'pane' : 'list'}>
      <DeliveryList key={name} name={name} selected={delivery} />
      <div className={classes.pane}>
        <Outlet />
      </div>
    </div>
  );
}
