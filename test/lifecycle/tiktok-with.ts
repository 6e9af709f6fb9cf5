/** The registry's TikTok alone, so that a sweep looks at one provider, and with what a test has its definition say differently. */
import { defineProvider, type OAuthProvider, type Provider } from '../../lib/providers/definition.ts';
import { providers } from '../../lib/providers/registry.ts';

export function tiktokWith(tokens: Partial<OAuthProvider['tokens']>): readonly Provider[] {
  return providers.flatMap((provider) =>
    provider.id === 'tiktok' && provider.auth === 'oauth2'
      ? [defineProvider({ ...provider, tokens: { ...provider.tokens, ...tokens } })]
      : [],
  );
}
