/** The built-in platforms. Each is loaded when it is first needed, so that a start costs the same with 2 as with 200. */
import type { BuiltIn } from '../providers/providers.ts';

/** In the order in which they are shown. */
export const builtIn: BuiltIn = {
  tiktok: async () => (await import('./tiktok/definition.ts')).tiktok,
  reddit: async () => (await import('./reddit/definition.ts')).reddit,
  instagram: async () => (await import('./instagram/definition.ts')).instagram,
  'instagram-facebook': async () => (await import('./instagram/definition.ts')).instagramFacebook,
  onlyfans: async () => (await import('./onlyfans/definition.ts')).onlyfans,
  openid: async () => (await import('./openid/definition.ts')).openid,
};
