/** Provider data on both ends of the wire: the default adapter against the sandbox generated from the same data. */
import { describe } from 'vitest';
import { startGeneratedPlatform } from '../../infra/local/sandbox/generated/generated-platform.ts';
import { definePlatform } from '../../lib/providers/define-platform.ts';
import type { ProviderInput } from '../../lib/providers/definition/provider-data.ts';
import { factsOf } from '../infra/local/platforms/generated-calls.ts';
import { conforms } from '../support/conformance/conformance.ts';
import { survivesFaults } from '../support/conformance/conformance-faults.ts';
import type { Subject } from '../support/conformance/subject.ts';

const data: Extract<ProviderInput, { kind: 'oauth2' }> = {
  kind: 'oauth2',
  id: 'plain',
  name: 'Plain',
  endpoints: {
    authorization: 'https://plain.example/oauth/authorize',
    token: 'https://plain.example/oauth/token',
    revocation: 'https://plain.example/oauth/revoke',
  },
  scopes: { known: { me: 'Know you', read: 'Read', write: 'Change' }, required: ['me'], open: false },
  profile: { url: 'https://plain.example/me', account: 'data.id', name: 'data.name', avatar: 'data.face' },
};

const subject: Subject = {
  provider: definePlatform({ data }),
  start: (options) => startGeneratedPlatform(factsOf(data), options),
  originsOf: ({ origin }) => ({ 'https://plain.example': origin }),
  settings: {},
  scopes: ['me', 'read', 'write'],
  fewerScopes: ['me'],
  people: ['mira', 'tomas'],
  revokingTwice: 'revoked',
};

describe('a platform described by data only', () => {
  describe('conforms', () => conforms(subject));
  describe('survives', () => survivesFaults(subject));
});
