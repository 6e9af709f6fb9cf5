/**
 * The cookie that holds a browser's secret of one flow. Each flow has its own, so that two tabs do not collide;
 * on https it is a `__Host-` cookie, which no other host or path can set or overwrite.
 */

/** Name and attributes follow the scheme of the public URL, which is https everywhere but on loopback. */
export function flowCookie(publicUrl: string, flowId: string) {
  const secure = publicUrl.startsWith('https:');
  const name = `${secure ? '__Host-' : ''}hawser-flow-${flowId}`;
  // Lax, because the platform's redirect back is a top-level navigation from another site.
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    name,
    set: (secret: string, maxAgeSeconds: number) =>
      `${name}=${secret}; Max-Age=${maxAgeSeconds}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
