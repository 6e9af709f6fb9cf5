/** The issuer check of RFC 9207 as a table: announced or not, sent or not, equal or not. */
import { describe, expect, it } from 'vitest';
import { verifyIssuer } from '../../lib/oauth/issuer.ts';

const issuer = 'https://id.example';

describe('row 1: an authorization response', () => {
  it.each([
    ['promised and right', { issuer, issuerInResponse: true }, issuer, 'accepted'],
    ['promised and missing', { issuer, issuerInResponse: true }, undefined, 'refused'],
    ['promised and empty', { issuer, issuerInResponse: true }, '', 'refused'],
    ["promised and another server's", { issuer, issuerInResponse: true }, 'https://evil.example', 'refused'],
    ['promised, with a slash too many', { issuer, issuerInResponse: true }, `${issuer}/`, 'refused'],
    ['promised, in capitals', { issuer, issuerInResponse: true }, 'https://ID.example', 'refused'],
    ['promised, with the port', { issuer, issuerInResponse: true }, `${issuer}:443`, 'refused'],
    ['not promised and missing', { issuer, issuerInResponse: false }, undefined, 'accepted'],
    ['not promised and right', { issuer, issuerInResponse: false }, issuer, 'accepted'],
    [
      "not promised and another server's",
      { issuer, issuerInResponse: false },
      'https://evil.example',
      'refused',
    ],
    ['of a server without a name, missing', { issuerInResponse: false }, undefined, 'accepted'],
    ['of a server without a name, sent', { issuerInResponse: false }, issuer, 'unverifiable'],
    ['of a server without a name, empty', { issuerInResponse: false }, '', 'unverifiable'],
    ['of a server without a name, as the word', { issuerInResponse: false }, 'undefined', 'unverifiable'],
  ])('is checked by its issuer: %s', (_name, server, presented, acted) => {
    expect(verifyIssuer(server, presented)).toBe(acted);
  });

  it.each([
    [issuer, 'accepted'],
    ['https://login.example/7f2a-11/v2.0', 'accepted'],
    [`${issuer}/`, 'refused'],
    ['https://login.example//v2.0', 'refused'],
    ['https://login.example/a/b/v2.0', 'refused'],
    ['https://login.example/a/v2x0', 'refused'],
    ['https://evil.example', 'refused'],
    ['', 'refused'],
    [undefined, 'accepted'],
  ])('with the issuer %j of a provider whose definition lists issuers is %s', (presented, verdict) => {
    const defined = [issuer, 'https://login.example/{tenant}/v2.0'];

    expect(verifyIssuer({ issuerInResponse: false }, presented, defined)).toBe(verdict);
  });
});
