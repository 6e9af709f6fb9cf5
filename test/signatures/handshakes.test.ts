/** Handshakes: the answer goes only to an entitled sender, and holds nothing that a browser could run. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asanaHandshake,
  metaHandshake,
  microsoftHandshake,
  slackHandshake,
} from '../../lib/signatures/handshakes.ts';
import { slackSignature } from '../../lib/signatures/schemes.ts';
import { refused } from '../../lib/signatures/verification.ts';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { clockOf, requestOf, textsFlipped } from '../support/signatures/requests.ts';
import asana from '../vectors/signatures/asana.json' with { type: 'json' };
import microsoft from '../vectors/signatures/microsoft-graph.json' with { type: 'json' };
import slack from '../vectors/signatures/slack.json' with { type: 'json' };

const plainText = {
  contentType: 'text/plain; charset=utf-8',
  headers: { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
};
const refusal = { ...plainText, status: 403, body: '' };
/** Text that a browser might render as a page. */
const hostile = '<script>alert(1)</script>&amp;%3Cb%3E é\r\nset-cookie: a=b';

describe("Meta's handshake", () => {
  const tokens = [new Secret('s4ndb0x-verify'), new Secret('previous')];
  const query = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=s4ndb0x-verify';

  it('is answered with the exact challenge as plain text', () => {
    expect(metaHandshake({ method: 'GET', query }, tokens)).toEqual({
      ...plainText,
      status: 200,
      body: '1158201444',
    });
  });

  it('is also answered under the previous token', () => {
    const other = query.replace('s4ndb0x-verify', 'previous');

    expect(metaHandshake({ method: 'GET', query: other }, tokens)?.status).toBe(200);
  });

  it('row 16: is refused after any one character of the token changed', () => {
    const queries = [...textsFlipped('s4ndb0x-verify')].map(
      (token) => `hub.mode=subscribe&hub.challenge=1&hub.verify_token=${encodeURIComponent(token)}`,
    );

    const accepted = queries.filter(
      (altered) => metaHandshake({ method: 'GET', query: altered }, tokens)?.status !== 403,
    );

    expect(accepted).toEqual([]);
  });

  it.each([
    ['no token', 'hub.mode=subscribe&hub.challenge=1'],
    ['an empty token', 'hub.mode=subscribe&hub.challenge=1&hub.verify_token='],
    ['the token twice', `${query}&hub.verify_token=s4ndb0x-verify`],
    ['another mode', query.replace('subscribe', 'unsubscribe')],
    ['no challenge', query.replace('hub.challenge=1158201444', 'x=y')],
    ['an empty challenge', query.replace('1158201444', '')],
    ['the challenge twice', `${query}&hub.challenge=2`],
    ['a challenge without end', query.replace('1158201444', '1'.repeat(1_025))],
    ['names with underscores', `${query.replaceAll('hub.', 'hub_')}&hub.mode=subscribe`],
  ])('row 14: is refused with %s, and the answer repeats nothing', (_name, altered) => {
    expect(metaHandshake({ method: 'GET', query: altered }, tokens)).toEqual(refusal);
  });

  it.each([
    ['there are no verify tokens', []],
    ['the verify token is empty', [new Secret('')]],
  ])('row 14: is refused when %s', (_name, none) => {
    const empty = 'hub.mode=subscribe&hub.challenge=1&hub.verify_token=';

    expect(metaHandshake({ method: 'GET', query: empty }, none)).toEqual(refusal);
  });

  it('is not recognised in a POST or without a mode', () => {
    expect(metaHandshake({ method: 'POST', query }, tokens)).toBeUndefined();
    expect(metaHandshake({ method: 'GET', query: 'page=1' }, tokens)).toBeUndefined();
    expect(metaHandshake({ method: 'GET' }, tokens)).toBeUndefined();
  });

  it('repeats the challenge as plain text only', () => {
    const altered = query.replace('1158201444', encodeURIComponent(hostile));

    expect(metaHandshake({ method: 'GET', query: altered }, tokens)).toEqual({
      ...plainText,
      status: 200,
      body: hostile,
    });
  });
});

describe("Slack's handshake", () => {
  const vector = slack.cases.find(({ name }) => name === 'url_verification') ?? slack.cases[0];
  if (vector === undefined) throw new Error('the vector of the handshake');
  const verified = { kind: 'verified', secret: 'current' } as const;
  const verify = (secret: string) =>
    verifySignature(slackSignature, requestOf(vector), [new Secret(secret)], clockOf(vector));
  const body = (value: unknown) => ({ body: Buffer.from(JSON.stringify(value)) });

  it('is answered with the challenge after the signature verified', () => {
    expect(slackHandshake(requestOf(vector), verify(vector.secret))).toEqual({
      ...plainText,
      status: 200,
      body: '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P',
    });
  });

  it.each(['mismatch', 'missing', 'malformed', 'stale'] as const)(
    'row 14: is not answered when the signature is refused as %s',
    (reason) => {
      expect(slackHandshake(requestOf(vector), refused(reason))).toBeUndefined();
    },
  );

  it('row 14: is not answered under another secret', () => {
    expect(slackHandshake(requestOf(vector), verify('other'))).toBeUndefined();
  });

  it.each([
    [{ type: 'event_callback', challenge: 'x' }],
    [{ challenge: 'x' }],
    ['url_verification'],
    [null],
    [['url_verification']],
  ])('is not recognised in %j', (value) => {
    expect(slackHandshake(body(value), verified)).toBeUndefined();
  });

  it('is not recognised in a body that is not JSON, such as a form', () => {
    expect(slackHandshake({ body: Buffer.from('type=url_verification') }, verified)).toBeUndefined();
  });

  it.each([undefined, 5, '', 'x'.repeat(1_025), { a: 1 }])(
    'is refused with the challenge %j',
    (challenge) => {
      expect(slackHandshake(body({ type: 'url_verification', challenge }), verified)).toEqual({
        ...refusal,
        status: 400,
      });
    },
  );
});

describe("Microsoft's handshake", () => {
  it('is answered with the token, decoded once', () => {
    const { query, body } = microsoft.handshake;

    expect(microsoftHandshake({ method: 'POST', query })).toEqual({ ...plainText, status: 200, body });
  });

  it('is decoded once and not twice', () => {
    const answer = microsoftHandshake({ method: 'POST', query: 'validationToken=%253Cb%253E%2B+' });

    expect(answer?.body).toBe('%3Cb%3E+ ');
  });

  it('repeats any token as plain text only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 500 }), (token) => {
        const answer = microsoftHandshake({
          method: 'POST',
          query: `validationToken=${encodeURIComponent(token)}`,
        });

        expect(answer).toEqual({ ...plainText, status: 200, body: token });
      }),
    );
  });

  it.each([
    ['an empty token', 'validationToken='],
    ['two tokens', 'validationToken=a&validationToken=b'],
    ['a token without end', `validationToken=${'a'.repeat(4_097)}`],
  ])('is refused with %s', (_name, query) => {
    expect(microsoftHandshake({ method: 'POST', query })).toEqual({ ...refusal, status: 400 });
  });

  it('is not recognised in a GET or without a token', () => {
    expect(microsoftHandshake({ method: 'GET', query: 'validationToken=a' })).toBeUndefined();
    expect(microsoftHandshake({ method: 'POST', query: 'other=a' })).toBeUndefined();
    expect(microsoftHandshake({ method: 'POST' })).toBeUndefined();
  });
});

describe("Asana's handshake", () => {
  const secret = asana.cases[0]?.secret ?? '';
  const headers = { 'x-hook-secret': secret };

  it('is answered with the same header by an app that expects it, and yields the secret to store', () => {
    const handshake = asanaHandshake({ method: 'POST', headers }, true);

    expect({ ...handshake, planted: handshake?.planted?.reveal() }).toEqual({
      ...plainText,
      status: 200,
      body: '',
      headers: { ...plainText.headers, 'x-hook-secret': secret },
      planted: secret,
    });
  });

  it('row 14: is refused by an app that does not expect it, and yields no secret', () => {
    expect(asanaHandshake({ method: 'POST', headers }, false)).toEqual(refusal);
  });

  it.each([
    ['it comes with a signature', { ...headers, 'x-hook-signature': '0'.repeat(64) }],
    ['the secret is short', { 'x-hook-secret': 'a'.repeat(31) }],
    ['the secret is long', { 'x-hook-secret': 'a'.repeat(129) }],
    ['the secret would break the header', { 'x-hook-secret': `${secret}\r\nset-cookie: a=b` }],
    ['the secret is repeated', { 'x-hook-secret': `${secret},${secret}` }],
  ])('row 14: is refused when %s', (_name, altered) => {
    expect(asanaHandshake({ method: 'POST', headers: altered }, true)).toEqual(refusal);
  });

  it('is not recognised without the header or outside a POST', () => {
    expect(asanaHandshake({ method: 'POST', headers: {} }, true)).toBeUndefined();
    expect(asanaHandshake({ method: 'GET', headers }, true)).toBeUndefined();
  });
});
