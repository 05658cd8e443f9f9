import type { ComponentProps } from 'react';

/** A place that scrolls by itself, within reach of the keyboard. */
export function Scroller(props: ComponentProps<'div'>) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what it hides
  return <div tabIndex={0} {...props} />;
}
