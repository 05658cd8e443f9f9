import { IconShield, IconShieldCheck, IconShieldQuestion, IconShieldX } from '@tabler/icons-react';
import type { Signature } from './receiver.ts';
import classes from './verdict.module.css';

const SHOWN = {
  valid: { Icon: IconShieldCheck, label: 'Signature valid' },
  invalid: { Icon: IconShieldX, label: 'Signature invalid' },
  not_signed: { Icon: IconShield, label: 'Not signed' },
  no_key: { Icon: IconShieldQuestion, label: 'No key to check the signature with' },
} as const;

/** The verdict in a row of the list. */
export function VerdictIcon({ verdict }: { verdict: Signature['verdict'] }) {
  const { Icon, label } = SHOWN[verdict];
  return (
    <span className={classes.icon} data-verdict={verdict} title={label}>
      <Icon size={22} role="img" aria-label={label} />
    </span>
  );
}

/** The verdict with its reason. */
export function VerdictCard({ signature: { verdict, sentence } }: { signature: Signature }) {
  const { Icon, label } = SHOWN[verdict];
  const [, why] = /^[^:]*: (.*)$/s.exec(sentence) ?? [];
  return (
    <section className={classes.card} data-verdict={verdict} aria-label="Signature">
      <Icon size={26} aria-hidden />
      <div>
        <strong>{label}</strong>
        {why !== undefined && <p>{capitalised(why)}.</p>}
      </div>
    </section>
  );
}

function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}
