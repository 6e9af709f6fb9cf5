/**
 * The cookie that holds the secret that binds a browser to one flow. Each flow has its own cookie, so that two tabs do
 * not collide. On https it is a `__Host-` cookie, which no other host or path can set or overwrite.
 * https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */

/** Its name and attributes depend on the scheme of the public URL, which is https everywhere except on loopback. */
export function flowCookie(publicUrl: string, flowId: string) {
  const secure = publicUrl.startsWith('https:');
  const name = `${secure ? '__Host-' : ''}hawser-flow-${flowId}`;
  // Lax, because the platform's redirect to the callback is a top-level navigation from another site.
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  return {
    name,
    set: (secret: string, maxAgeSeconds: number) =>
      `${name}=${secret}; Max-Age=${maxAgeSeconds}; ${attributes}`,
    clear: () => `${name}=; Max-Age=0; ${attributes}`,
  };
}
