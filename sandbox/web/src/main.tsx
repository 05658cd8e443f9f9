import './mantine.css';
import './page.css';
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Refused } from './call.ts';
import { Live, LiveContext } from './live.ts';
import { router } from './router.tsx';
import { theme } from './theme.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The stream keeps everything fresh, and a reconnect asks for all of it again.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      // The sandbox is on this machine: whether the browser thinks itself online says nothing about it.
      networkMode: 'always',
      retry: (failures, error) => failures < 3 && !(error instanceof Refused && error.status < 500),
    },
    mutations: { networkMode: 'always' },
  },
});
const live = new Live(queries);
live.start();

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      // The same key as public/scheme.js, which sets the scheme before the first paint.
      colorSchemeManager={localStorageColorSchemeManager({ key: 'wirebird-sandbox-scheme' })}
    >
      <QueryClientProvider client={queries}>
        <LiveContext value={live}>
          <RouterProvider router={router} />
        </LiveContext>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
