/** The built-in TikTok alone, so that a sweep looks at one provider, and with what a test has its definition say differently. */

import type { Origins } from '../../../lib/platform-http/platform-http.ts';
import { tiktok } from '../../../lib/platforms/tiktok/definition.ts';
import { definePlatform } from '../../../lib/providers/define-platform.ts';
import type { Provider, RefreshPolicy } from '../../../lib/providers/provider.ts';

/** TikTok's origins, all of them at one sandbox. */
export const tiktokAt = (origin: string): Origins => ({
  'https://www.tiktok.com': origin,
  'https://open.tiktokapis.com': origin,
});

export function tiktokWith(refresh: Partial<RefreshPolicy>): readonly Provider[] {
  const { data, code } = tiktok;
  return [definePlatform({ data: { ...data, refresh: { ...data.refresh, ...refresh } }, ...code })];
}
