/** POST requests to addresses that tenants chose: the outcome of each call over real connections that fail in every way. */
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../infra/local/aws/front/listen.ts';
import { connectTo, resolveAll } from '../../lib/platform-http/pinned-connection.ts';
import { createPinnedPost } from '../../lib/platform-http/pinned-post.ts';
import { openLifecycleFixture, otherPublicAddress, publicAddress } from './pinned-world.ts';

describe('a pinned POST', () => {
  it('reaches the host by its name, path and query, with an unchanged body', async () => {
    const fixture = await openLifecycleFixture((_request, response) => response.writeHead(202).end());

    const answer = await fixture.post('https://hooks.example/a%20path?for=ünï', 's4ndb0x');

    expect(answer).toEqual({ kind: 'answered', status: 202 });
    expect(fixture.requests).toEqual([
      { url: '/a%20path?for=%C3%BCn%C3%AF', host: 'hooks.example', body: 's4ndb0x' },
    ]);
    expect(fixture.connected).toEqual([{ address: publicAddress, port: 443, serverName: 'hooks.example' }]);
  });

  it.each([200, 204, 301, 307, 404, 410, 429, 503])(
    'returns status %i without following or retrying it',
    async (status) => {
      const fixture = await openLifecycleFixture((_request, response) => response.writeHead(status).end());

      expect(await fixture.post('https://hooks.example/')).toEqual({ kind: 'answered', status });
    },
  );

  it('tries the next address of the name when one is down, IPv4 first', async () => {
    const fixture = await openLifecycleFixture();
    fixture.names.set('hooks.example', [[otherPublicAddress, publicAddress, '93.184.215.15']]);
    fixture.down.add(publicAddress).add('93.184.215.15');

    const answer = await fixture.post('https://hooks.example/');

    expect(answer).toMatchObject({ kind: 'answered' });
    expect(fixture.connected.map(({ address }) => address)).toEqual([
      publicAddress,
      '93.184.215.15',
      otherPublicAddress,
    ]);
  });

  it('leaves a silent address early enough to try the next one', async () => {
    const fixture = await openLifecycleFixture(undefined, { connectMilliseconds: 900 });
    fixture.names.set('hooks.example', [[publicAddress, '93.184.215.15']]);
    fixture.silent.add(publicAddress);

    const answer = await fixture.post('https://hooks.example/');

    expect(answer).toMatchObject({ kind: 'answered' });
    expect(fixture.connected.map(({ address }) => address)).toEqual([publicAddress, '93.184.215.15']);
  });

  it.each([
    ['a name that nobody knows', 'https://unknown.example/'],
    ['a name without an address', 'https://empty.example/'],
    ['a host at which nobody listens', 'https://hooks.example/'],
    ['a host with the certificate of another', 'https://other.example/'],
  ])('is unreachable, and was never sent: %s', async (_, url) => {
    const fixture = await openLifecycleFixture();
    fixture.names.set('empty.example', [[]]).set('other.example', [['93.184.215.15']]);
    fixture.down.add(publicAddress);

    expect(await fixture.post(url)).toEqual({ kind: 'unreachable' });
    expect(fixture.requests).toEqual([]);
  });

  it('times out on a slow DNS lookup and on a slow connect', async () => {
    const server = createServer(() => undefined);
    const port = await listenOnLoopback(server, 0);
    onTestFinished(() => void server.close());
    const never = new Promise<readonly string[]>(() => undefined);
    const timed = {
      connect: connectTo,
      connectMilliseconds: 80,
      insecureOrigins: [`https://127.0.0.1:${port}`],
    };
    const request = { headers: {}, body: Buffer.from('{}') };

    const slowName = await createPinnedPost({ ...timed, resolve: () => never })({
      ...request,
      url: 'https://hooks.example/',
    });
    // It takes the connection and never says a word of TLS.
    const slowHost = await createPinnedPost({ ...timed, resolve: resolveAll })({
      ...request,
      url: `https://127.0.0.1:${port}/`,
    });

    expect([slowName, slowHost]).toEqual([{ kind: 'unreachable' }, { kind: 'unreachable' }]);
  });

  it('is reported as lost when no answer arrives in time or the host hangs up', async () => {
    const silent = await openLifecycleFixture(() => undefined, { totalMilliseconds: 300 });
    const rude = await openLifecycleFixture((request) => request.socket.destroy());
    const strange = await openLifecycleFixture((request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    });

    const answers = await Promise.all(
      [silent, rude, strange].map((fixture) => fixture.post('https://hooks.example/')),
    );

    expect(answers).toEqual(Array.from({ length: 3 }, () => ({ kind: 'lost' })));
  });

  it('returns the status only, and reads at most 4 KiB of the body', async () => {
    let written = 0;
    const fixture = await openLifecycleFixture((_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => {
        response.write('x'.repeat(1_024));
        written += 1;
      }, 5);
      response.on('close', () => clearInterval(timer));
    });
    const dripping = await openLifecycleFixture(
      (_request, response) => void response.writeHead(200).write('a drop, and nothing after it'),
      { totalMilliseconds: 300 },
    );

    const endless = await fixture.post('https://hooks.example/');
    const slow = await dripping.post('https://hooks.example/');

    expect([endless, slow]).toEqual([
      { kind: 'answered', status: 200 },
      { kind: 'answered', status: 200 },
    ]);
    expect(written).toBeLessThan(50);
  });
});
