import { afterEach, expect, test } from 'vitest';
import type { PrivateTargets } from './addresses.ts';
import { createGuardedClient, type GuardedClient } from './guarded.ts';

const opened: GuardedClient[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

function client({ privateTargets }: { privateTargets: PrivateTargets }): GuardedClient {
  const made = createGuardedClient({
    privateTargets,
    timeoutMs: 2_000,
    maxResponseBytes: 10,
    connectionsPerOrigin: 1,
  });
  opened.push(made);
  return made;
}

test.each([
  ['http://127.0.0.1/', '127.0.0.1'],
  ['http://2130706433/', '127.0.0.1'],
  ['http://0x7f.1/', '127.0.0.1'],
  ['http://127.1.:80/', '127.0.0.1'],
  ['http://0.0.0.0/', '0.0.0.0'],
  ['http://10.0.0.1/', '10.0.0.1'],
  ['http://172.16.0.1/', '172.16.0.1'],
  ['http://192.168.1.1/', '192.168.1.1'],
  ['http://169.254.169.254/latest/meta-data', '169.254.169.254'],
  ['http://100.64.0.1/', '100.64.0.1'],
  ['http://224.0.0.1/', '224.0.0.1'],
  ['http://[::1]/', '[::1]'],
  ['http://[::]/', '[::]'],
  ['http://[::ffff:127.0.0.1]/', '[::ffff:7f00:1]'],
  ['http://[::ffff:10.0.0.1]/', '[::ffff:a00:1]'],
  ['http://[64:ff9b::127.0.0.1]/', '[64:ff9b::7f00:1]'],
  ['http://[64:ff9b:1::10.0.0.1]/', '[64:ff9b:1::a00:1]'],
  ['http://[2002:7f00:1::]/', '[2002:7f00:1::]'],
  ['http://[::127.0.0.1]/', '[::7f00:1]'],
  ['http://[fe80::1]/', '[fe80::1]'],
  ['http://[fd00::1]/', '[fd00::1]'],
  ['http://[4000::1]/', '[4000::1]'],
  ['http://localhost/', 'localhost'],
  ['http://a.localhost./', 'a.localhost.'],
])('refuses %s', async (url, host) => {
  const c = client({ privateTargets: 'refused' });
  expect(c.check(url)).toBe(`${host} is not a public address`);
  expect(await c.post(url, { headers: {}, body: '' })).toEqual({
    kind: 'refused',
    reason: `${host} is not a public address`,
  });
});

test.each([
  ['file:///etc/passwd', 'it is not an http or https URL'],
  ['ftp://example.com/', 'it is not an http or https URL'],
  ['javascript:alert(1)', 'it is not an http or https URL'],
  ['https://user:secret@example.com/', 'it holds a user name or password'],
  ['https://user@example.com/', 'it holds a user name or password'],
  ['example.com/hook', 'it is not a URL'],
  ['', 'it is not a URL'],
  ['http://[::1', 'it is not a URL'],
])('refuses %s in every mode', async (url, why) => {
  const c = client({ privateTargets: 'allowed' });
  expect(c.check(url)).toBe(why);
  expect(await c.post(url, { headers: {}, body: '' })).toEqual({ kind: 'refused', reason: why });
});

test.each([
  'https://example.com/hook',
  'http://example.com:2525/',
  'http://93.184.215.14/',
  'http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  'http://[::ffff:93.184.215.14]/',
  'http://[64:ff9b::93.184.215.14]/',
  'http://notlocalhost/',
])('has nothing against %s', url => {
  expect(client({ privateTargets: 'refused' }).check(url)).toBeUndefined();
});

const modes: [PrivateTargets, string, boolean][] = [
  ['loopback', 'http://127.0.0.1/', true],
  ['loopback', 'http://127.8.8.8/', true],
  ['loopback', 'http://[::1]/', true],
  ['loopback', 'http://[::ffff:127.0.0.1]/', true],
  ['loopback', 'http://localhost/', true],
  ['loopback', 'http://10.0.0.1/', false],
  ['loopback', 'http://0.0.0.0/', false],
  ['loopback', 'http://169.254.169.254/', false],
  ['loopback', 'http://[64:ff9b::127.0.0.1]/', false],
  ['allowed', 'http://10.0.0.1/', true],
  ['allowed', 'http://[fd00::1]/', true],
  ['allowed', 'http://127.0.0.1/', true],
  ['allowed', 'http://169.254.169.254/', false],
  ['allowed', 'http://[64:ff9b::10.0.0.1]/', false],
  ['allowed', 'http://255.255.255.255/', false],
];
test.each(modes)('with private targets %s: is %s open? %s', (privateTargets, url, open) => {
  expect(client({ privateTargets }).check(url) === undefined).toBe(open);
});
