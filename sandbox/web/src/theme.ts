import { createTheme, type MantineColorsTuple } from '@mantine/core';

const wire: MantineColorsTuple = [
  '#e7f6f4',
  '#d1ebe8',
  '#a4d7d1',
  '#74c2ba',
  '#4db1a7',
  '#34a69b',
  '#1f9a8f',
  '#0b897f',
  '#007970',
  '#00655e',
];

export const theme = createTheme({
  primaryColor: 'wire',
  primaryShade: { light: 8, dark: 7 },
  colors: { wire },
  defaultRadius: 'md',
  cursorType: 'pointer',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Open Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace',
});
