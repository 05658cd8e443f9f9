import { Loader } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useConnection } from './live.ts';
import classes from './lost-notice.module.css';

/** A blink of the line, such as a restart of the sandbox, is not worth a word: ms before the notice shows. */
const PATIENCE_MS = 1_200;

/** Says that the page no longer follows the sandbox. It lies over the page, so that nothing moves. */
export function LostNotice() {
  const connection = useConnection();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (connection === 'open') {
      setShown(false);
      return;
    }
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [connection]);
  return (
    <div role="status" className={classes.place}>
      {shown && (
        <div className={classes.notice}>
          <Loader size={14} color="currentColor" aria-hidden />
          No connection to the sandbox. Trying again …
        </div>
      )}
    </div>
  );
}
