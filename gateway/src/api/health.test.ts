import { expect, test } from 'vitest';
import { ADMIN_KEY, apiGround } from '../../test/api.ts';

test('health, readiness and metrics are open', async () => {
  const g = await apiGround();
  try {
    expect((await g.call('GET', '/healthz', { key: null })).json).toEqual({ status: 'ok', version: '1.2.3' });
    expect((await g.call('GET', '/readyz', { key: null })).json).toEqual({ status: 'ready' });
    const metrics = await g.call('GET', '/metrics', { key: null });
    expect(metrics.type).toContain('text/plain');
    expect(metrics.text).toContain('wirebird_things_total 3');
  } finally {
    await g.stop();
    await g.close();
  }
});

test('when the database is gone the node is not ready, and a request fails with a reference and no secret', async () => {
  const g = await apiGround();
  try {
    // Sessions end and nobody can connect any more, as when the server is gone.
    await g.close();
    expect((await g.call('GET', '/readyz', { key: null })).status).toBe(503);
    expect((await g.call('GET', '/healthz', { key: null })).status).toBe(200);
    const { status, json } = await g.call('GET', '/api/senders');
    expect(status).toBe(500);
    expect(g.logged.some(line => line.includes(json.reference))).toBe(true);
    expect(g.logged.join('')).not.toContain(ADMIN_KEY);
  } finally {
    await g.stop();
  }
});
