import { Outlet, useParams } from '@tanstack/react-router';
import classes from './frame.module.css';
import { Header } from './header.tsx';
import { LostNotice } from './lost-notice.tsx';
import { PhoneList } from './phone-list.tsx';

/** List and chat side by side; on a phone's width the address says which of the two is the screen. */
export function Frame() {
  const { phone } = useParams({ strict: false });
  return (
    <div className={classes.frame} data-screen={phone === undefined ? 'list' : 'chat'}>
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
