/** PKCE: fresh verifiers of 256 bits, and challenges as RFC 7636 and TikTok's desktop documentation require them. */
import { describe, expect, it } from 'vitest';
import { challengeOf, createPkce, type PkceMethod } from '../../lib/oauth/pkce.ts';
import pkce from '../vectors/pkce.json' with { type: 'json' };

describe('a PKCE challenge', () => {
  it.each(pkce.vectors)('is derived from its verifier as in: $source', ({ method, verifier, challenge }) => {
    expect(challengeOf(verifier, method as PkceMethod)).toBe(challenge);
  });
});

describe('a PKCE verifier', () => {
  it.each(['S256', 'S256-hex'] as const)(
    'row 7: is fresh, holds 256 bits and matches its challenge: %s',
    (method) => {
      const made = Array.from({ length: 500 }, () => createPkce(method));

      expect(new Set(made.map(({ verifier }) => verifier.reveal())).size).toBe(made.length);
      for (const { verifier, challenge } of made) {
        expect(verifier.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
        expect(challenge).toBe(challengeOf(verifier.reveal(), method));
        expect(challenge).not.toBe(verifier.reveal());
      }
    },
  );

  it('cannot be printed', () => {
    const { verifier } = createPkce('S256');

    expect([String(verifier), JSON.stringify(verifier)]).toEqual(['[redacted]', '"[redacted]"']);
  });
});
