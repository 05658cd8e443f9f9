import classes from './refusal.module.css';

/** Why something did not go out; nothing while nothing is wrong. */
export function Refusal({ error }: { error: Error | null }) {
  if (!error) return null;
  return (
    <p role="alert" className={classes.refused}>
      Not sent: {error.message}
    </p>
  );
}
