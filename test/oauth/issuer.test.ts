/** The issuer check of RFC 9207 as a table: announced or not, sent or not, equal or not. */
import { describe, expect, it } from 'vitest';
import { issuerMatches } from '../../lib/oauth/issuer.ts';

const issuer = 'https://id.example';

describe('row 1: an authorization response', () => {
  it.each([
    ['promised and right', { issuer, issuerInResponse: true }, issuer, true],
    ['promised and missing', { issuer, issuerInResponse: true }, undefined, false],
    ['promised and empty', { issuer, issuerInResponse: true }, '', false],
    ["promised and another server's", { issuer, issuerInResponse: true }, 'https://evil.example', false],
    ['promised, with a slash too many', { issuer, issuerInResponse: true }, `${issuer}/`, false],
    ['promised, in capitals', { issuer, issuerInResponse: true }, 'https://ID.example', false],
    ['promised, with the port', { issuer, issuerInResponse: true }, `${issuer}:443`, false],
    ['not promised and missing', { issuer, issuerInResponse: false }, undefined, true],
    ['not promised and right', { issuer, issuerInResponse: false }, issuer, true],
    ["not promised and another server's", { issuer, issuerInResponse: false }, 'https://evil.example', false],
    ['of a server without a name, missing', { issuerInResponse: false }, undefined, true],
    ['of a server without a name, sent', { issuerInResponse: false }, issuer, false],
    ['of a server without a name, empty', { issuerInResponse: false }, '', false],
    ['of a server without a name, as the word', { issuerInResponse: false }, 'undefined', false],
  ])('is checked by its issuer: %s', (_name, server, presented, acted) => {
    expect(issuerMatches(server, presented)).toBe(acted);
  });
});
