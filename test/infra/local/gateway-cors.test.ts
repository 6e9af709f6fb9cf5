/** CORS as an HTTP API does it: preflights are the gateway's, and what a function says about CORS is ignored. */
import { describe, expect, it } from 'vitest';
import { openGateway } from './gateway-fixture.ts';

describe('CORS', () => {
  const origin = ['Origin', 'https://app.test'] as const;

  it('answers a preflight itself, with or without a route', async () => {
    const gateway = await openGateway();

    const answer = await gateway.send({
      method: 'OPTIONS',
      path: '/anything',
      headers: [origin, ['Access-Control-Request-Method', 'POST']],
    });

    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,POST,DELETE',
      'access-control-allow-headers': 'authorization,content-type',
      'access-control-max-age': '600',
    });
    expect(gateway.calls).toEqual([]);
  });

  it('says nothing to a preflight that is incomplete', async () => {
    const gateway = await openGateway();

    const answer = await gateway.send({ method: 'OPTIONS', headers: [origin] });

    expect(answer.status).toBe(204);
    expect(corsOf(answer.headers)).toEqual([]);
  });

  it('puts its own headers in place of the function’s', async () => {
    const headers = {
      'Access-Control-Allow-Origin': 'https://evil.test',
      'access-control-allow-credentials': 'true',
    };
    const gateway = await openGateway(() => ({ statusCode: 200, headers }));

    const answer = await gateway.send({ headers: [origin] });

    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-expose-headers']).toBe('retry-after');
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('adds nothing where the request names no origin', async () => {
    const gateway = await openGateway(() => ({
      statusCode: 200,
      headers: { 'access-control-allow-origin': '*' },
    }));

    const answer = await gateway.send();

    expect(corsOf(answer.headers)).toEqual([]);
  });

  it('covers the gateway’s own errors', async () => {
    const gateway = await openGateway();

    const answer = await gateway.send({ path: '/unknown', headers: [origin] });

    expect(answer.status).toBe(404);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
  });

  it.each([
    ['https://app.test', 'https://app.test'],
    ['https://other.test', undefined],
    ['http://any.test', 'http://any.test'],
  ])('allows origin %s as %s where origins are listed', async (asked, allowed) => {
    const cors = { allowOrigins: ['https://app.test', 'http://*'], allowMethods: ['GET'], allowHeaders: [] };
    const gateway = await openGateway(undefined, { cors: { ...cors, exposeHeaders: [], maxAgeSeconds: 1 } });

    const answer = await gateway.send({ headers: [['Origin', asked]] });

    expect(answer.headers['access-control-allow-origin']).toBe(allowed);
    expect(answer.headers.vary).toBe(allowed === undefined ? undefined : 'origin');
  });
});

function corsOf(headers: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(headers).filter((name) => name.startsWith('access-control-'));
}
