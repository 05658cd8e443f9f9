import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { Frame } from './frame.tsx';
import { PhoneScreen } from './phone-screen.tsx';
import { TemplatesScreen } from './templates/templates-screen.tsx';
import { NotHere, Welcome } from './welcome.tsx';

const rootRoute = createRootRoute({
  component: Frame,
  notFoundComponent: () => <NotHere what="There is no such page." />,
});

const welcomeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: Welcome });

/** `/phones/%2B15557654321`; `?with=` names the business when the phone has chats with several. */
const templatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/templates',
  component: TemplatesScreen,
});

const phoneRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/phones/$phone',
  validateSearch: (search: Record<string, unknown>): { with?: string } =>
    typeof search.with === 'string' || typeof search.with === 'number' ? { with: String(search.with) } : {},
  component: PhoneScreen,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([welcomeRoute, templatesRoute, phoneRoute]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
