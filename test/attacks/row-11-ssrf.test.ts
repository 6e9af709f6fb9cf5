/**
 * Row 11 of the attack table: Hawser calls a tenant's URL only while its name resolves to the public internet, checks
 * that at every call, and never reaches its own network through it.
 */
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { isPublicAddress } from '../../lib/platform-http/pinned-address.ts';
import { connectTo } from '../../lib/platform-http/pinned-connection.ts';
import { createPinnedPost } from '../../lib/platform-http/pinned-post.ts';
import { parsePinnedUrl } from '../../lib/platform-http/pinned-url.ts';
import { openLifecycleFixture, otherPublicAddress, publicAddress } from '../platform-http/pinned-world.ts';
import { eventOf } from '../support/deliveries/delivery-fixture.ts';
import { endpointOfTest } from '../support/deliveries/endpoint.ts';
import { it } from '../support/fixtures/deliveries.ts';

const forbidden = [
  ['this network', '0.0.0.0', '0.1.2.3'],
  ['private networks', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.254', '192.168.0.1'],
  ['carrier-grade NAT', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
  ['loopback, and on it the runtime API of Lambda', '127.0.0.1', '127.1.2.3', '::1'],
  ['link-local and metadata', '169.254.169.254', '169.254.170.2', '169.254.0.1', 'fe80::1', 'febf::1'],
  ['metadata elsewhere', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254'],
  ['protocol assignments and benchmarks', '192.0.0.1', '198.18.0.1', '198.19.255.255', '2001:2::1'],
  ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  ['multicast and broadcast', '224.0.0.1', '239.255.255.255', 'ff02::1', '255.255.255.255'],
  ['reserved', '240.0.0.1', '254.1.1.1', '4000::1', '5f00::1', '::', '100::1'],
  ['unique local and site-local', 'fc00::1', 'fd12:3456::1', 'fec0::1'],
  ['IPv4 mapped or compatible', '::ffff:127.0.0.1', '::ffff:93.184.215.14', '::ffff:a00:1', '::10.0.0.1'],
  ['NAT64', '64:ff9b::a9fe:a9fe', '64:ff9b::5db8:d70e', '64:ff9b:1::a00:1'],
  ['6to4 and Teredo', '2002:a9fe:a9fe::1', '2002:7f00:1::', '2001:0:4136:e378::1', '192.88.99.1'],
  ['scoped by a zone of this machine', 'fe80::1%eth0', '2606:4700::1111%1'],
  ['not an address', '', 'localhost', '127.1', '2130706433', '0x7f.0.0.1', '010.0.0.1', '1.2.3.4.5'],
] as const;
const allowed = [
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '128.0.0.1',
  '169.253.255.255',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
  publicAddress,
  otherPublicAddress,
  '2001:4860:4860::8888',
  '2a00:1450:4001:830::200e',
  '2600:1f18::1',
];

describe('the address check', () => {
  it.each(forbidden.map(([place, ...addresses]) => ({ place, addresses })))(
    'row 11: rejects every address of the range "$place"',
    ({ addresses }) => {
      expect(addresses.filter(isPublicAddress)).toEqual([]);
    },
  );

  it('row 11: accepts public addresses right up to the edges of the rejected ranges', () => {
    expect(allowed.filter((address) => !isPublicAddress(address))).toEqual([]);
  });

  it('row 11: rejects an IPv4 address in every IPv6 notation', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(byte, byte, byte, byte, (a, b, c, d) => {
        const [high, low] = [(a * 256 + b).toString(16), (c * 256 + d).toString(16)];
        const disguises = [
          `::ffff:${a}.${b}.${c}.${d}`,
          `::ffff:${high}:${low}`,
          `::${high}:${low}`,
          `::ffff:0:${high}:${low}`,
          `64:ff9b::${high}:${low}`,
          `64:ff9b:1::${high}:${low}`,
          `2002:${high}:${low}::1`,
          `2001::${high}:${low}`,
        ];
        expect(disguises.filter(isPublicAddress)).toEqual([]);
      }),
    );
  });
});

describe('a webhook URL', () => {
  it.each([
    ['plain http', 'http://hooks.example/'],
    [
      'another scheme',
      'ftp://hooks.example/',
      'file:///etc/passwd',
      'gopher://hooks.example/',
      'javascript:1',
    ],
    ['another port', 'https://hooks.example:8443/', 'https://hooks.example:80/', 'https://hooks.example:22/'],
    ['user information', 'https://user@hooks.example/', 'https://u:p@hooks.example/', 'https://a@127.0.0.1/'],
    ['an IPv4 address', 'https://93.184.215.14/', 'https://127.0.0.1/', 'https://169.254.169.254/latest'],
    [
      'an address in disguise',
      'https://2130706433/',
      'https://0x7f000001/',
      'https://0177.0.0.1/',
      'https://127.1/',
    ],
    ['an address in full-width digits', 'https://１２７.０.０.１/', 'https://127。0。0。1/'],
    ['an IPv6 address', 'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[2606:4700::1111]/'],
    ['a local host name', 'https://localhost/', 'https://metadata/', 'https://printer/'],
    ['a trailing dot', 'https://localhost./', 'https://hooks.example./', 'https://127.0.0.1./'],
    [
      'what parsers disagree about',
      'https://hooks.example\\@127.0.0.1/',
      'https://hooks.example/\t',
      ' https://a.b',
    ],
    ['a fragment', 'https://hooks.example/#', 'https://hooks.example/#a'],
    ['no URL in it', '', 'hooks.example', 'https://', 'https:///'],
    ['more than 2,048 characters', `https://hooks.example/${'a'.repeat(2_048)}`],
  ])('row 11: is refused with %s, and the error does not repeat it', (_, ...urls) => {
    for (const url of urls) {
      const read = () => parsePinnedUrl(url, []);
      expect(read).toThrow(/^The endpoint /);
      if (url.length > 8) expect(read).not.toThrow(url);
    }
  });

  it.each([
    ['https://hooks.example', 'https://hooks.example/'],
    ['https://HOOKS.example:443/a?b=c', 'https://hooks.example/a?b=c'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
  ])('row 11: is stored in its canonical form: %s', (given, taken) => {
    expect(parsePinnedUrl(given, []).href).toBe(taken);
  });

  it('row 11: may point to a loopback origin only if the settings list exactly that origin', () => {
    const settings = ['http://127.0.0.1:4000'];

    expect(parsePinnedUrl('http://127.0.0.1:4000/inbox', settings).pathname).toBe('/inbox');
    for (const other of ['http://127.0.0.1:4001/', 'https://127.0.0.1:4000/', 'http://localhost:4000/']) {
      expect(() => parsePinnedUrl(other, settings)).toThrow('The endpoint');
    }
  });
});

describe('an outbound call', () => {
  it.each([
    ['a private address', ['10.0.0.1']],
    ['the metadata service', ['169.254.169.254']],
    ['this machine', ['127.0.0.1', '::1']],
    ['a public and a private address', [publicAddress, '10.0.0.1']],
    ['a loopback and a public address', ['::1', publicAddress]],
    ['a mapped IPv4 address', ['::ffff:10.0.0.1']],
    ['something that is no address', ['localhost']],
  ])('row 11: is not made when the host name resolves to %s', async (_, addresses) => {
    const fixture = await openLifecycleFixture();
    fixture.names.set('hooks.example', [addresses]);

    expect(await fixture.post('https://hooks.example/')).toEqual({ kind: 'refused' });
    expect(fixture.connected).toEqual([]);
  });

  it('row 11: connects to the address that was checked, even if the name resolves to another one a moment later', async () => {
    const fixture = await openLifecycleFixture();
    fixture.names.set('hooks.example', [[publicAddress], ['127.0.0.1']]);

    const first = await fixture.post('https://hooks.example/');
    const second = await fixture.post('https://hooks.example/');

    expect([first.kind, second.kind]).toEqual(['answered', 'refused']);
    expect(fixture.resolved.length).toBe(2);
    expect(fixture.connected.map(({ address }) => address)).toEqual([publicAddress]);
  });

  it('row 11: resolves a name once and gives the socket no name to resolve again', async () => {
    const fixture = await openLifecycleFixture();

    await fixture.post('https://hooks.example/');

    expect(fixture.resolved).toEqual(['hooks.example']);
    expect(fixture.connected).toEqual([{ address: publicAddress, port: 443, serverName: 'hooks.example' }]);
  });

  it.each([301, 302, 303, 307, 308])('row 11: does not follow a redirect with status %i', async (status) => {
    const fixture = await openLifecycleFixture((_request, response) => {
      response.writeHead(status, { location: 'https://hooks.example/again' }).end();
    });

    expect(await fixture.post('https://hooks.example/')).toEqual({ kind: 'answered', status });
    expect(fixture.requests.length).toBe(1);
  });

  it('row 11: trusts only a certificate for that host name from a known authority', async () => {
    const fixture = await openLifecycleFixture();
    fixture.names.set('elsewhere.example', [[publicAddress]]);
    const server = await endpointOfTest();
    const real = createPinnedPost({
      resolve: async () => [publicAddress],
      // The connection as it is made in life, but for where it ends.
      connect: (to) => connectTo({ ...to, address: '127.0.0.1', port: Number(new URL(server.origin).port) }),
      insecureOrigins: [],
    });

    const wrongName = await fixture.post('https://elsewhere.example/');
    const noCertificate = await real({ url: 'https://hooks.example/', headers: {}, body: Buffer.from('{}') });

    expect([wrongName, noCertificate]).toEqual([{ kind: 'unreachable' }, { kind: 'unreachable' }]);
    expect([fixture.requests, server.arrived]).toEqual([[], []]);
  });

  it('row 11: reaches loopback only at exactly the origin that the settings list', async () => {
    const [named, other] = [await endpointOfTest(), await endpointOfTest()];
    const post = createPinnedPost({
      resolve: async () => ['127.0.0.1'],
      connect: connectTo,
      insecureOrigins: [named.origin, 'http://inside.example'],
    });
    const send = (url: string) => post({ url, headers: {}, body: Buffer.from('{}') });

    expect(await send(named.url)).toEqual({ kind: 'answered', status: 204 });
    expect(await send(other.url)).toEqual({ kind: 'refused' });
    expect(other.arrived).toEqual([]);
  });
});

describe('a registered destination', () => {
  it('row 11: is not called once its name resolves to an internal address, and its delivery fails like any other', async ({
    deliveries,
  }) => {
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, 'https://hooks.example/');
    deliveries.resolve = async () => ['169.254.169.254'];
    deliveries.counted.length = 0;

    const { result } = await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(result).toBe('waits');
    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ lastError: 'forbidden_address' });
    expect(deliveries.counted).toEqual([['delivery_failed', 'forbidden_address']]);
  });

  it.for([
    'http://127.0.0.1:9001/2018-06-01/runtime/invocation/next',
    'https://10.0.0.1/',
    'file:///etc/passwd',
  ])('row 11: is not called even if a forbidden URL was stored: %s', async (url, { deliveries }) => {
    const tenantId = deliveries.newTenant();
    const { id } = await deliveries.addEndpoint(tenantId, 'https://hooks.example/');
    await deliveries.destinations.updateOne(tenantId, id, (one) => ({ ...one, url }));

    await deliveries.tryOnce(tenantId, id, eventOf(tenantId));

    expect(await deliveries.destinations.get(tenantId, id)).toMatchObject({ lastError: 'forbidden_address' });
  });
});
