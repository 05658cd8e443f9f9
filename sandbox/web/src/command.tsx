import classes from './command.module.css';
import { CopyIcon } from './copy-icon.tsx';

/** A command line to be copied. */
export function Command({ line }: { line: string }) {
  return (
    <div className={classes.command}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what it hides */}
      <pre tabIndex={0}>{line}</pre>
      <CopyIcon className={classes.copy} value={line} label="Copy the command" />
    </div>
  );
}
