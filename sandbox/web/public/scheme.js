// Runs before the first paint, so that a page kept dark does not flash white while the modules load.
(() => {
  const kept = localStorage.getItem('wirebird-sandbox-scheme') ?? 'auto';
  const dark = kept === 'auto' ? matchMedia('(prefers-color-scheme: dark)').matches : kept === 'dark';
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
  document.documentElement.style.colorScheme = dark ? 'dark' : 'light';
})();
