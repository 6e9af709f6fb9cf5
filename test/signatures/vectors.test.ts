/** Every signature scheme against its vectors, and against every one of them altered. */
import { describe, expect, it } from 'vitest';
import { verifySignature } from '../../lib/signatures/verify-signature.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import {
  bodiesFlipped,
  clockOf,
  headersFlipped,
  requestOf,
  vectors,
} from '../support/signatures/requests.ts';

describe.each(vectors)('the vector $name', (vector) => {
  const request = requestOf(vector);
  const now = clockOf(vector);
  const secrets = [new Secret(vector.secret)];
  const verify = (altered: typeof request) => verifySignature(vector.scheme, altered, secrets, now);

  it('is accepted, with the time it was signed', () => {
    const verification = verify(request);

    expect(verification).toEqual({
      kind: 'verified',
      secret: 'current',
      ...(vector.timestampSeconds && { timestamp: vector.timestampSeconds * 1000 }),
    });
  });

  it('row 14: is refused after any one bit of the body flipped', () => {
    const accepted = [...bodiesFlipped(request)].filter((altered) => verify(altered).kind !== 'refused');

    expect(accepted.slice(0, 3)).toEqual([]);
  });

  it('row 14: is refused after any one character of signature, timestamp or id changed', () => {
    const accepted = [...headersFlipped(request)].filter((altered) => verify(altered).kind !== 'refused');

    expect(accepted.slice(0, 3)).toEqual([]);
  });

  it.each(Object.keys(vector.headers))('row 14: is refused without %s, and with it empty', (name) => {
    const { [name]: _left, ...others } = request.headers;

    const answers = [others, { ...others, [name]: '' }].map((headers) => verify({ ...request, headers }));

    expect(answers).toEqual([
      { kind: 'refused', reason: 'missing' },
      { kind: 'refused', reason: 'missing' },
    ]);
  });

  it.each(Object.entries(vector.headers))('row 14: is refused with %s repeated', (name, value) => {
    const repeated = [`${value},${value}`, `${value}, ${value}`, `${value} , ${value}`];

    const kinds = repeated.map((text) =>
      verify({ ...request, headers: { ...request.headers, [name]: text } }),
    );

    expect(kinds.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
  });

  it.each(Object.entries(vector.headers))(
    'row 14: is refused with anything before or after %s',
    (name, value) => {
      const dressed = [' ', '\t', '\n', '\0', '0', '=', ',', '"'].flatMap((extra) => [
        value + extra,
        extra + value,
      ]);

      const accepted = dressed.filter(
        (text) => verify({ ...request, headers: { ...request.headers, [name]: text } }).kind !== 'refused',
      );

      expect(accepted.slice(0, 3)).toEqual([]);
    },
  );

  it('row 14: is refused with a byte more or less at either end of the body', () => {
    const { body } = request;
    const bodies = [
      body.subarray(1),
      body.subarray(0, -1),
      Buffer.from(` ${vector.body}`),
      Buffer.from(`${vector.body}\n`),
    ];

    const kinds = bodies.map((altered) => verify({ ...request, body: altered }).kind);

    expect(kinds).toEqual(['refused', 'refused', 'refused', 'refused']);
  });
});

const rejects = vectors.flatMap((vector) => vector.rejects.map((reject) => ({ vector, ...reject })));

describe('a request that must be rejected', () => {
  it.each(rejects)('row 14: is refused: $vector.name with $name', ({ vector, headers }) => {
    const request = { ...requestOf(vector), headers };

    const verification = verifySignature(
      vector.scheme,
      request,
      [new Secret(vector.secret)],
      clockOf(vector),
    );

    expect(verification.kind).toBe('refused');
  });
});
