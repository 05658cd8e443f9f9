import { SegmentedControl, Title, useMantineColorScheme, VisuallyHidden } from '@mantine/core';
import { IconDeviceDesktop, IconMoon, IconSun } from '@tabler/icons-react';
import { Link, useMatchRoute } from '@tanstack/react-router';
import classes from './header.module.css';

const SCHEMES = [
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
  { value: 'auto', label: 'Like the system', Icon: IconDeviceDesktop },
] as const;

export function Header() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const matches = useMatchRoute();
  const templates = matches({ to: '/templates' }) !== false;
  const webhooks = matches({ to: '/webhooks', fuzzy: true }) !== false;
  return (
    <header className={classes.header}>
      <Link to="/" className={classes.brand}>
        <img src="/favicon.svg" width={30} height={30} alt="" />
        <Title order={1} size={17} fw={650}>
          Wirebird sandbox
        </Title>
      </Link>
      <nav className={classes.places} aria-label="Places">
        <Link
          to="/"
          className={classes.place}
          activeOptions={{ exact: true }}
          data-here={!(templates || webhooks) || undefined}
        >
          Phones
        </Link>
        <Link to="/templates" className={classes.place} data-here={templates || undefined}>
          Templates
        </Link>
        <Link to="/webhooks" className={classes.place} data-here={webhooks || undefined}>
          Webhooks
        </Link>
      </nav>
      <SegmentedControl
        size="xs"
        aria-label="Colours"
        value={colorScheme}
        onChange={value => setColorScheme(value as (typeof SCHEMES)[number]['value'])}
        data={SCHEMES.map(({ value, label, Icon }) => ({
          value,
          label: (
            <span className={classes.scheme} title={label}>
              <Icon size={16} aria-hidden />
              <VisuallyHidden>{label}</VisuallyHidden>
            </span>
          ),
        }))}
      />
    </header>
  );
}
