import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router';
import { Frame } from './frame.tsx';
import { PhoneScreen } from './phone-screen.tsx';
import { DeliveryScreen } from './receivers/delivery-screen.tsx';
import { MAIN } from './receivers/receiver.ts';
import { ReceiverScreen } from './receivers/receiver-screen.tsx';
import { SettingsScreen } from './receivers/settings-screen.tsx';
import { TemplatesScreen } from './templates/templates-screen.tsx';
import { NotHere, Welcome } from './welcome.tsx';

const rootRoute = createRootRoute({
  component: Frame,
  notFoundComponent: () => <NotHere what="There is no such page." />,
});

const welcomeRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: Welcome });

const templatesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/templates',
  component: TemplatesScreen,
});

const webhooksRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/webhooks',
  beforeLoad: () => {
    throw redirect({ to: '/webhooks/$name', params: { name: MAIN }, replace: true });
  },
});

/** `/webhooks/main` is the list of what came, beside it the settings, or one of the deliveries by its number. */
const receiverRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/webhooks/$name',
  component: ReceiverScreen,
});
const besideListRoute = createRoute({
  getParentRoute: () => receiverRoute,
  path: '/',
  component: SettingsScreen,
});
const settingsRoute = createRoute({
  getParentRoute: () => receiverRoute,
  path: '/settings',
  component: SettingsScreen,
});
const deliveryRoute = createRoute({
  getParentRoute: () => receiverRoute,
  path: '/$delivery',
  component: DeliveryScreen,
});

/** `/phones/%2B15557654321`; `?with=` names the business when the phone has chats with several. */
const phoneRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/phones/$phone',
  validateSearch: (search: Record<string, unknown>): { with?: string } =>
    typeof search.with === 'string' || typeof search.with === 'number' ? { with: String(search.with) } : {},
  component: PhoneScreen,
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    welcomeRoute,
    templatesRoute,
    webhooksRoute,
    receiverRoute.addChildren([besideListRoute, settingsRoute, deliveryRoute]),
    phoneRoute,
  ]),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
