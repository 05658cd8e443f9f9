import { Outlet, useMatchRoute, useParams } from '@tanstack/react-router';
import classes from './frame.module.css';
import { Header } from './header.tsx';
import { LostNotice } from './lost-notice.tsx';
import { PhoneList } from './phone-list.tsx';

/**
 * List and chat side by side; on a phone's width the address says which of them is the screen. Receivers of webhooks have
 * a list of their own.
 */
export function Frame() {
  const { phone, name } = useParams({ strict: false });
  const list = useMatchRoute()({ to: '/' }) !== false;
  const screen = phone !== undefined ? 'chat' : name !== undefined ? 'receiver' : list ? 'list' : 'page';
  return (
    <div className={classes.frame} data-screen={screen}>
      <Header />
      <LostNotice />
      <div className={classes.panes}>
        {screen !== 'receiver' && <PhoneList selected={phone} />}
        <main className={classes.main}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
