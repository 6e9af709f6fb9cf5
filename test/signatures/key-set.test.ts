/** Public keys over HTTP: cached, kept while the platform is down, and refused when untrustworthy. */
import { describe, expect, it } from 'vitest';
import { googleKeysUrl } from '../../lib/platforms/google/webhook-signature.ts';
import { microsoftKeysUrl } from '../../lib/platforms/microsoft-teams/webhook-signature.ts';
import { createKeySet } from '../../lib/signatures/jwt/key-set.ts';
import { serveKeys, startServer } from '../support/signatures/key-server.ts';
import google from '../vectors/signatures/google.json' with { type: 'json' };

const known = google.keys[0]?.kid ?? '';
const answer = JSON.stringify({ keys: google.keys });

/** A clock that a test advances. */
function clock() {
  let time = 1_767_225_600_000;
  return {
    now: () => time,
    pass: (seconds: number) => {
      time += seconds * 1000;
    },
  };
}

describe('a key set', () => {
  it('is fetched once for concurrent tokens, with our User-Agent', async () => {
    await using server = await serveKeys(google.keys, clock().now);

    const found = await Promise.all([known, known, 'unknown', known].map((kid) => server.keySet.forKey(kid)));

    expect(found.every((keys) => keys !== undefined)).toBe(true);
    expect(server.asked).toEqual([{ url: '/keys', agent: 'hawser' }]);
  });

  it('row 14: is not fetched repeatedly for tokens with unknown keys', async () => {
    const { now, pass } = clock();
    await using server = await serveKeys(google.keys, now);

    for (let second = 0; second < 60; second += 1) {
      await server.keySet.forKey(`forged-${second}`);
      pass(1);
    }

    expect(server.asked).toHaveLength(2);
  });

  it('is fetched again for an unknown key, and every ten minutes for known ones', async () => {
    const { now, pass } = clock();
    await using server = await serveKeys(google.keys, now);
    await server.keySet.forKey(known);
    pass(599);
    await server.keySet.forKey(known);
    const before = server.asked.length;
    await server.keySet.forKey('rotated');
    pass(600);
    await server.keySet.forKey(known);

    expect([before, server.asked.length]).toEqual([1, 3]);
  });

  it('keeps its known keys while the platform is down, for at most a day', async () => {
    const { now, pass } = clock();
    let away = false;
    await using server = await startServer((_request, response) => {
      response.statusCode = away ? 503 : 200;
      response.end(answer);
    });
    const keySet = createKeySet({
      url: server.origin,
      fetch,
      monotonic: now,
      insecureOrigins: [server.origin],
    });
    await keySet.forKey(known);
    away = true;
    pass(23 * 3_600);
    const during = await keySet.forKey(known);
    pass(3_600);
    const after = await keySet.forKey(known);
    away = false;
    pass(1);
    const back = await keySet.forKey(known);

    expect([during, after, back].map((keys) => keys !== undefined)).toEqual([true, false, true]);
  });

  it.each([
    ['an error', 500, answer],
    ['a redirect', 302, ''],
    ['no JSON', 200, '<html>'],
    ['no keys', 200, '{}'],
    ['keys that are none', 200, '{"keys":[1]}'],
    ['more than it should', 200, `{"keys":[],"pad":"${'x'.repeat(300_000)}"}`],
  ])('has no keys when the answer is %s', async (_name, status, body) => {
    await using server = await startServer((_request, response) => {
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(body);
    });
    const keySet = createKeySet({
      url: server.origin,
      fetch,
      monotonic: clock().now,
      insecureOrigins: [server.origin],
    });

    const found = await keySet.forKey(known);

    expect(found).toBeUndefined();
    expect(server.asked).toHaveLength(1);
  });

  it('has no keys when the answer does not arrive in time', async () => {
    await using server = await startServer((_request, response) => response.write('{"keys":'));
    const keySet = createKeySet({
      url: server.origin,
      fetch,
      monotonic: clock().now,
      insecureOrigins: [server.origin],
      timeoutMilliseconds: 50,
    });

    expect(await keySet.forKey(known)).toBeUndefined();
  });

  it('is not fetched without TLS, unless from an origin named for it', () => {
    const deps = { fetch, monotonic: clock().now };

    expect(() => createKeySet({ ...deps, url: 'http://keys.example/' })).toThrow('without TLS');
    expect(() =>
      createKeySet({ ...deps, url: 'http://keys.example/', insecureOrigins: ['http://other.example'] }),
    ).toThrow('without TLS');
    for (const url of [googleKeysUrl, microsoftKeysUrl])
      expect(() => createKeySet({ ...deps, url })).not.toThrow();
  });
});
