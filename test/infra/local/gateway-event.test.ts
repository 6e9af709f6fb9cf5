/** The event that a function gets, rule by rule, from real HTTP requests. */
import { describe, expect, it } from 'vitest';
import { openGateway } from './gateway-fixture.ts';

describe('the event', () => {
  it('has the shape of payload format 2.0', async () => {
    const gateway = await openGateway(undefined, { now: () => 1_783_711_145_766 });

    const event = await gateway.eventOf({ path: '/items/7?a=1', headers: [['User-Agent', 'probe/1']] });

    const port = new URL(gateway.url).port;
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'GET /items/{id}',
      rawPath: '/items/7',
      rawQueryString: 'a=1',
      headers: {
        host: `localhost:${port}`,
        'user-agent': 'probe/1',
        'content-length': '0',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-6a5145a9-[0-9a-f]{24}$/),
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': port,
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { a: '1' },
      pathParameters: { id: '7' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        http: {
          method: 'GET',
          path: '/items/7',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'probe/1',
        },
        requestId: expect.stringMatching(/^[A-Za-z0-9+/]{15}=$/),
        routeKey: 'GET /items/{id}',
        stage: '$default',
        time: '10/Jul/2026:19:19:05 +0000',
        timeEpoch: 1_783_711_145_766,
      },
      isBase64Encoded: false,
    });
  });

  it('joins repeated headers with a comma under one lower-case name', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({
      headers: [
        ['X-Probe', 'first'],
        ['x-probe', 'second'],
      ],
    });

    expect(event.headers['x-probe']).toBe('first,second');
  });

  it('parts cookies and keeps them out of the headers', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({
      headers: [
        ['Cookie', 'a=1; b=x=y'],
        ['Cookie', 'c=3'],
      ],
    });

    expect(event.cookies).toEqual(['a=1', 'b=x=y', 'c=3']);
    expect(event.headers).not.toHaveProperty('cookie');
  });

  it('leaves out cookies, query and path parameters where there are none', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({ method: 'POST', path: '/items' });

    expect(event).not.toHaveProperty('cookies');
    expect(event).not.toHaveProperty('queryStringParameters');
    expect(event).not.toHaveProperty('pathParameters');
    expect(event.rawQueryString).toBe('');
  });

  it('keeps the query as sent, and decodes and joins its parameters beside it', async () => {
    const gateway = await openGateway();
    const query =
      'repeat=one&repeat=two&to=https%3A%2F%2Fa.test%2Fb&plus=a+b&encoded=a%2Bb&empty=&bare&__proto__=p';

    const event = await gateway.eventOf({ path: `/items/7?${query}` });

    expect(event.rawQueryString).toBe(query);
    expect(Object.entries(event.queryStringParameters ?? {})).toEqual([
      ['repeat', 'one,two'],
      ['to', 'https://a.test/b'],
      ['plus', 'a b'],
      ['encoded', 'a+b'],
      ['empty', ''],
      ['bare', ''],
      ['__proto__', 'p'],
    ]);
  });

  it('does not forward the headers of the connection', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({
      headers: [
        ['Connection', 'keep-alive'],
        ['TE', 'trailers'],
        ['Keep-Alive', 'timeout=5'],
      ],
    });

    expect(Object.keys(event.headers)).not.toEqual(expect.arrayContaining(['connection']));
    expect(event.headers).not.toHaveProperty('te');
    expect(event.headers).not.toHaveProperty('keep-alive');
  });

  it('appends the peer to a forwarded-for header that the client sent', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({ headers: [['X-Forwarded-For', '203.0.113.9']] });

    expect(event.headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1');
    expect(event.requestContext.http.sourceIp).toBe('127.0.0.1');
  });
});

describe('the body', () => {
  it.each([
    ['application/json', true],
    ['application/json; charset=utf-8', true],
    ['Application/JSON', true],
    ['application/xml', true],
    ['application/javascript', true],
    ['text/plain', true],
    ['text/html;charset=utf-8', true],
    ['application/x-www-form-urlencoded', false],
    ['application/vnd.api+json', false],
    ['application/json-patch+json', false],
    ['application/octet-stream', false],
    ['multipart/form-data; boundary=b', false],
    ['image/png', false],
    [undefined, false],
  ])('of type %s arrives as text: %s', async (contentType, isText) => {
    const gateway = await openGateway();
    const body = '{"name":"λ  spaced"}';

    const event = await gateway.eventOf({
      method: 'POST',
      path: '/items',
      headers: contentType === undefined ? [] : [['Content-Type', contentType]],
      body,
    });

    expect(event.isBase64Encoded).toBe(!isText);
    expect(event.body).toBe(isText ? body : Buffer.from(body).toString('base64'));
    expect(event.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('keeps every byte of a binary body', async () => {
    const gateway = await openGateway();
    const body = Buffer.from([0, 255, 254, 128, 10]);

    const event = await gateway.eventOf({ method: 'POST', path: '/items', body });

    expect(Buffer.from(event.body ?? '', 'base64')).toEqual(body);
  });

  it('replaces bytes that are no UTF-8 where the type says text', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({
      method: 'POST',
      path: '/items',
      headers: [['Content-Type', 'text/plain']],
      body: Buffer.from([97, 255, 98]),
    });

    expect(event).toMatchObject({ body: 'a\ufffdb', isBase64Encoded: false });
  });

  it('is no field at all where nothing was sent', async () => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({ method: 'POST', path: '/items', body: '' });

    expect(event).not.toHaveProperty('body');
    expect(event.isBase64Encoded).toBe(false);
  });
});

describe('the path', () => {
  it.each([
    ['space%20value', 'space value'],
    ['a%40b.test', 'a@b.test'],
    ['a+b', 'a+b'],
    ['hash%23value', 'hash#value'],
    ['question%3Fvalue', 'question'],
    ['unicode-%CE%BB-%E4%B8%96', 'unicode-λ-世'],
    ['literal%252Fvalue', 'literal/value'],
    ['literal%253Fvalue', 'literal?value'],
    ['literal%2525value', 'literal%value'],
  ])('%s is seen by the function as %s', async (sent, seen) => {
    const gateway = await openGateway();

    const event = await gateway.eventOf({ path: `/items/${sent}?q=a%3Fb%25c` });

    expect(event.pathParameters).toEqual({ id: seen });
    expect(event.rawPath).toBe(`/items/${seen}`);
    expect(event.requestContext.http.path).toBe(`/items/${seen}`);
    expect(event.rawQueryString).toBe('q=a%3Fb%25c');
  });

  it.each(['percent%25done', 'bare%', 'bad%zz', 'half%E4%B8'])('%s is refused with 400', async (sent) => {
    const gateway = await openGateway();

    const answer = await gateway.send({ path: `/items/${sent}` });

    expect(answer.status).toBe(400);
    expect(gateway.calls).toEqual([]);
  });

  it('takes an encoded slash for a slash, so that it matches no single variable', async () => {
    const gateway = await openGateway();

    const answer = await gateway.send({ path: '/items/slash%2Fvalue' });

    expect(answer.status).toBe(404);
  });
});

describe('routing', () => {
  it.each([
    ['GET', '/items/newest', 'newest'],
    ['GET', '/items/newer', 'item'],
    ['DELETE', '/items/a/parts/b', 'part'],
  ])('sends %s %s to %s', async (method, path, functionName) => {
    const gateway = await openGateway();

    await gateway.send({ method, path });

    expect(gateway.calls.map((call) => call.functionName)).toEqual([functionName]);
  });

  it.each([
    ['GET', '/unknown'],
    ['GET', '/items/'],
    ['GET', '/items/7/'],
    ['HEAD', '/items/7'],
    ['PUT', '/items/7'],
  ])('answers %s %s with 404', async (method, path) => {
    const gateway = await openGateway();

    const answer = await gateway.send({ method, path });

    expect(answer.status).toBe(404);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body.toString()).toBe(method === 'HEAD' ? '' : '{"message":"Not Found"}');
    expect(gateway.calls).toEqual([]);
  });

  it('refuses to start with a route that it could not serve', async () => {
    const routes = [{ method: 'GET', path: '/files/{rest+}', functionName: 'files' }];

    await expect(openGateway(undefined, { routes })).rejects.toThrow('/files/{rest+}');
  });
});
