import type { FastifyInstance } from 'fastify';
import type { Below } from '../../dialect.ts';
import { mount } from '../mount.ts';

/**
 * Wirebird keeps no account: Meta bills the business. Programs stop, or wake somebody, when their balance runs low, so
 * it never does.
 */
const ALWAYS_ENOUGH = { amount: 1_000_000, currency: 'USD' } as const;

export function balanceRoutes(app: FastifyInstance, _below: Below): void {
  mount(app, '/balance', { GET: ['read', async () => ALWAYS_ENOUGH] });
}
