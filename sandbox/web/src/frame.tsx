import { Outlet, useMatchRoute, useParams } from '@tanstack/react-router';
import classes from './frame.module.css';
import { Header } from './header.tsx';
import { LostNotice } from './lost-notice.tsx';
import { PhoneList } from './phone-list.tsx';

/** List and chat side by side; on a phone's width the address says which of them is the screen. */
export function Frame() {
  const { phone } = useParams({ strict: false });
  const list = useMatchRoute()({ to: '/' }) !== false;
  return (
    <div className={classes.frame} data-screen={phone !== undefined ? 'chat' : list ? 'list' : 'page'}>
      <Header />
      <LostNotice />
      <div className={classes.panes}>
        <PhoneList selected={phone} />
        <main className={classes.main}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
