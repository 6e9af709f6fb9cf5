/** The built-in platforms. Each is loaded when it is first needed, so that a start costs the same with 2 as with 200. */
import type { Provider } from './definition.ts';

export type BuiltIn = Readonly<Record<string, () => Promise<Provider>>>;

/** In the order in which they are shown. */
export const builtIn: BuiltIn = {
  tiktok: async () => (await import('../platforms/tiktok/definition.ts')).tiktok,
  reddit: async () => (await import('../platforms/reddit/definition.ts')).reddit,
  instagram: async () => (await import('../platforms/instagram/definition.ts')).instagram,
  'instagram-facebook': async () => (await import('../platforms/instagram/definition.ts')).instagramFacebook,
  onlyfans: async () => (await import('../platforms/onlyfans/definition.ts')).onlyfans,
  openid: async () => (await import('../platforms/openid/definition.ts')).openid,
};
