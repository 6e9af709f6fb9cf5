/** What a client gets for what a function returned: answers, errors, limits, the log, and the ports. */
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway } from '../../../infra/local/gateway/gateway.ts';
import { openGateway } from './gateway-fixture.ts';

describe('an answer', () => {
  it('carries status, headers and body of the function', async () => {
    const gateway = await openGateway(() => ({
      statusCode: 201,
      headers: { 'Content-Type': 'application/json', 'X-Count': 3, 'x-flag': true },
      body: '{"λ":1}',
    }));

    const answer = await gateway.send();

    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-count': '3',
      'x-flag': 'true',
    });
    expect(answer.headers['content-length']).toBe('8');
    expect(answer.headers['apigw-requestid']).toMatch(/=$/);
    expect(answer.body.toString()).toBe('{"λ":1}');
  });

  it('sends each cookie as a line of its own', async () => {
    const gateway = await openGateway(() => ({
      statusCode: 303,
      headers: { location: 'https://a.test/', 'set-cookie': 'a=1' },
      cookies: ['b=2; Path=/; HttpOnly', 'c=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
    }));

    const answer = await gateway.send();

    expect(answer.status).toBe(303);
    expect(answer.headers['set-cookie']).toEqual([
      'a=1',
      'b=2; Path=/; HttpOnly',
      'c=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    ]);
  });

  it('decodes a base64 body to its bytes', async () => {
    const bytes = Buffer.from([0, 255, 137, 80, 78, 71]);
    const gateway = await openGateway(() => ({
      statusCode: 200,
      headers: { 'content-type': 'image/png' },
      body: bytes.toString('base64'),
      isBase64Encoded: true,
    }));

    const answer = await gateway.send();

    expect(answer.body).toEqual(bytes);
  });

  it.each([
    [{ hello: 'world' }, '{"hello":"world"}'],
    ['Hello', 'Hello'],
    [[1, 2], '[1,2]'],
    [null, 'null'],
  ])('without a status code is a 200 in JSON: %j', async (result, body) => {
    const gateway = await openGateway(() => result);

    const answer = await gateway.send();

    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body.toString()).toBe(body);
  });

  it('is plain text where the function named no type, and empty where a status has no body', async () => {
    const plain = await openGateway(() => ({ statusCode: 200, body: 'x' }));
    const empty = await openGateway(() => ({ statusCode: 204, body: 'x' }));

    const [withBody, without] = await Promise.all([plain.send(), empty.send()]);

    expect(withBody.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(without.headers).not.toHaveProperty('content-type');
    expect(without.body.length).toBe(0);
  });

  it('drops the headers of the connection and a length that is not true', async () => {
    const headers = {
      Connection: 'close',
      'Transfer-Encoding': 'chunked',
      'Content-Length': '999',
      'x-kept': '1',
    };
    const gateway = await openGateway(() => ({ statusCode: 200, headers, body: 'four' }));
    const bodiless = await openGateway(() => ({ statusCode: 304, headers }));

    const answer = await gateway.send({ headers: [['connection', 'keep-alive']] });
    const notModified = await bodiless.send();

    expect(answer.headers).toMatchObject({ 'x-kept': '1', 'content-length': '4', connection: 'keep-alive' });
    expect(answer.headers).not.toHaveProperty('transfer-encoding');
    expect(notModified.headers).not.toHaveProperty('content-length');
  });

  it.each([
    [{ statusCode: 'abc' }],
    [{ statusCode: 0 }],
    [{ statusCode: 101 }],
    [{ statusCode: 200.5 }],
    [{ statusCode: 200, body: { no: 'text' } }],
    [{ statusCode: 200, body: '***', isBase64Encoded: true }],
    [{ statusCode: 200, headers: { 'x-split': 'a\r\nset-cookie: b' } }],
    [{ statusCode: 200, headers: { 'bad name': 'a' } }],
    [{ statusCode: 200, headers: { nested: ['a'] } }],
    [{ statusCode: 200, cookies: 'a=1' }],
    [{ statusCode: 200, cookies: ['a=1\r\nx: y'] }],
  ])('that is malformed becomes a plain 500: %j', async (result) => {
    const gateway = await openGateway(() => result);

    const answer = await gateway.send();

    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toBe('{"message":"Internal Server Error"}');
    expect(gateway.log.at(-1)).toMatchObject({ status: 500, integrationError: 'MalformedResponse' });
  });
});

describe('a failure', () => {
  it('of the function is a 500 that reveals nothing', async () => {
    const gateway = await openGateway(() => {
      throw new TypeError('s4ndb0x-secret');
    });

    const answer = await gateway.send();

    expect(answer.status).toBe(500);
    expect(answer.body.toString()).toBe('{"message":"Internal Server Error"}');
    expect(JSON.stringify([answer.headers, gateway.log])).not.toContain('s4ndb0x');
    expect(gateway.log.at(-1)?.integrationError).toBe('TypeError');
  });

  it('to answer in time is a 503', async () => {
    const gateway = await openGateway(() => new Promise(() => undefined), { integrationTimeoutMs: 30 });

    const answer = await gateway.send();

    expect(answer.status).toBe(503);
    expect(answer.body.toString()).toBe('{"message":"Service Unavailable"}');
  });
});

describe('limits', () => {
  it('let 10,240 bytes of request line and headers pass and refuse one more with 431', async () => {
    const gateway = await openGateway();
    const head = (bytes: number) => {
      const fixed = 'GET /items/7 HTTP/1.1\r\nhost: h\r\nconnection: close\r\nx-pad: \r\n\r\n';
      return fixed.replace('x-pad: ', `x-pad: ${'p'.repeat(bytes - fixed.length)}`);
    };

    const [under, over, farOver] = await Promise.all([
      statusOfRaw(gateway.url, head(10_240)),
      statusOfRaw(gateway.url, head(10_241)),
      statusOfRaw(gateway.url, head(70_000)),
    ]);

    expect([under, over, farOver]).toEqual([200, 431, 431]);
    expect(gateway.calls.length).toBe(1);
  });

  it('let a body of 10 MB pass and refuse one byte more with 413', async () => {
    const gateway = await openGateway();
    const send = (bytes: number) =>
      gateway.send({ method: 'POST', path: '/items', body: Buffer.alloc(bytes) });

    const under = await send(10_485_760);
    const over = await send(10_485_761);

    expect(under.status).toBe(200);
    expect(over.status).toBe(413);
    expect(over.body.toString()).toBe('{"message":"Request Entity Too Large"}');
    expect(gateway.calls.length).toBe(1);
  });
});

describe('the access log', () => {
  it('names route, status and size, and never the query string', async () => {
    const gateway = await openGateway(() => ({ statusCode: 200, body: 'four' }), { now: () => 5 });

    await gateway.send({ path: '/items/7?code=s4ndb0x-code' });

    expect(gateway.log).toEqual([
      {
        requestId: expect.any(String),
        method: 'GET',
        path: '/items/7',
        routeKey: 'GET /items/{id}',
        status: 200,
        responseBytes: 4,
        durationMs: 0,
      },
    ]);
  });
});

describe('the port', () => {
  it('is open on both loopback addresses, where the machine has both', async () => {
    const gateway = await openGateway();
    const { port } = new URL(gateway.url);

    const statuses = await Promise.all(
      ['127.0.0.1', '[::1]'].map(async (host) => (await fetch(`http://${host}:${port}/items/7`)).status),
    );

    expect(gateway.url).toBe(`http://localhost:${port}`);
    expect(statuses).toEqual([200, 200]);
  });

  it.each(['127.0.0.1', '::1'])('that is taken on %s is reported with what to do', async (host) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen({ host, port: 0 }, resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const start = openGateway(undefined, { port });

    await expect(start).rejects.toThrow(`Port ${port} is in use. Set PORT to another port.`);
  });

  it('is free again after close, which waits for a request in flight', async () => {
    const gate = Promise.withResolvers<unknown>();
    const began = Promise.withResolvers<void>();
    const options = {
      routes: [{ method: 'GET', path: '/', functionName: 'f' }],
      host: 'localhost',
      now: Date.now,
    };
    const cors = {
      allowOrigins: [],
      allowMethods: [],
      allowHeaders: [],
      exposeHeaders: [],
      maxAgeSeconds: 0,
    };
    const invoke = () => {
      began.resolve();
      return gate.promise;
    };
    const gateway = await startGateway({ ...options, cors, port: 0, invoke });
    const port = Number(new URL(gateway.url).port);
    const pending = fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    await began.promise;

    const closing = gateway.close();
    gate.resolve({ statusCode: 200, body: 'last' });
    const text = await (await pending).text();
    await closing;
    const again = await startGateway({ ...options, cors, port, invoke });
    await again.close();

    expect(text).toBe('last');
  });
});

/** Sends bytes as they are and reads the status line. */
async function statusOfRaw(url: string, text: string): Promise<number> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve).on('error', resolve));
  return Number(Buffer.concat(chunks).toString().split(' ')[1]);
}
