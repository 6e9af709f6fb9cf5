/** The registry's TikTok alone, so that a sweep looks at one provider, and with what a test has its definition say differently. */

import type { Origins } from '../../../lib/platform-http/platform-http.ts';
import { providers } from '../../../lib/platforms/registry.ts';
import type { OAuthProvider, Provider } from '../../../lib/providers/provider.ts';

/** TikTok's origins, all of them at one sandbox. */
export const tiktokAt = (origin: string): Origins => ({
  'https://www.tiktok.com': origin,
  'https://open.tiktokapis.com': origin,
});

export function tiktokWith(tokens: Partial<OAuthProvider['tokens']>): readonly Provider[] {
  return providers.flatMap((provider) =>
    provider.id === 'tiktok' && provider.auth === 'oauth2'
      ? [{ ...provider, tokens: { ...provider.tokens, ...tokens } }]
      : [],
  );
}
