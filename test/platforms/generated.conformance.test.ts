/**
 * Provider data on both ends of the wire: the default adapter against the sandbox generated from the same data. Every
 * built-in platform that is data alone runs here without a line of its own.
 */
import { describe } from 'vitest';
import {
  type GeneratedSandbox,
  startGeneratedPlatform,
} from '../../infra/local/sandbox/generated/generated-platform.ts';
import type { Sandbox } from '../../infra/local/sandbox/sandbox.ts';
import { exampleValues, isPlain } from '../../infra/local/stack/plain-provider.ts';
import { definePlatform } from '../../lib/providers/define-platform.ts';
import type { ProviderInput } from '../../lib/providers/definition/provider-data.ts';
import type { ConsentProvider } from '../../lib/providers/provider.ts';
import { conforms } from '../support/conformance/conformance.ts';
import { survivesFaults } from '../support/conformance/conformance-faults.ts';
import type { Subject } from '../support/conformance/subject.ts';
import { builtInProviders } from '../support/providers.ts';

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

const invented = definePlatform({ data });

describe.each(
  [invented, ...builtInProviders.filter(isPlain)].map((provider) => [provider.id, provider] as const),
)('the plain platform %s', (_id, provider) => {
  describe('conforms', () => conforms(subjectOf(provider)));
  describe('survives', () => survivesFaults(subjectOf(provider)));
});

function subjectOf(provider: ConsentProvider): Subject {
  const { required, default: usual, available } = provider.consent.scopes;
  const fewerScopes = [...new Set([...required, ...usual])];
  const values = exampleValues(provider);
  const generated = new WeakMap<Sandbox, GeneratedSandbox>();
  return {
    provider,
    async start(options) {
      const sandbox = await startGeneratedPlatform(provider.data, options);
      generated.set(sandbox, sandbox);
      return sandbox;
    },
    originsOf: (sandbox) => generated.get(sandbox)?.originsWith(values) ?? {},
    settings: values,
    scopes: [...new Set([...fewerScopes, ...Object.keys(available).slice(0, 3)])],
    fewerScopes,
    people: ['mira', 'tomas'],
    ...(provider.revocation && { revokingTwice: 'revoked' }),
  };
}
