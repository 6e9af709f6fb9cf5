/** A person's browser: it keeps cookies per origin as it is told to, goes where it is sent one step at a time, and has no script. */

export interface Page {
  readonly url: string;
  readonly status: number;
  /** Where it is sent next, made absolute. */
  readonly location: string | undefined;
  readonly headers: Headers;
  readonly text: string;
}

export interface Browser {
  /** Opens one address and follows nothing. */
  visit(url: string): Promise<Page>;
  /** The same as a `fetch` without redirects, for whoever fills in forms. */
  readonly fetch: typeof globalThis.fetch;
  /** The cookies it holds for an origin, by name. */
  cookies(origin: string): Map<string, string>;
}

const timeoutMilliseconds = 120_000;

/** @param onPage told of every answer that the browser gets. */
export function openBrowser(onPage: (page: Page) => void = () => undefined): Browser {
  const jars = new Map<string, Map<string, string>>();

  const cookies = (origin: string) => {
    const jar = jars.get(origin) ?? new Map<string, string>();
    jars.set(origin, jar);
    return jar;
  };

  const browserFetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const jar = cookies(url.origin);
    const headers = new Headers(init?.headers);
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await fetch(url, {
      signal: AbortSignal.timeout(timeoutMilliseconds),
      ...init,
      redirect: 'manual',
      headers,
    });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  };

  return {
    cookies,
    fetch: browserFetch,
    async visit(url) {
      const response = await browserFetch(url, { headers: { accept: 'text/html' } });
      const location = response.headers.get('location');
      const page: Page = {
        url,
        status: response.status,
        location: location === null ? undefined : new URL(location, url).href,
        headers: response.headers,
        text: await response.text(),
      };
      onPage(page);
      return page;
    },
  };
}

function keep(jar: Map<string, string>, setCookie: string): void {
  const [pair = '', ...attributes] = setCookie.split(/;\s*/);
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
  const isOver = attributes.some(
    (attribute) =>
      /^max-age=(?:0|-\d+)$/i.test(attribute) ||
      (/^expires=/i.test(attribute) && Date.parse(attribute.slice('expires='.length)) <= Date.now()),
  );
  if (isOver) jar.delete(name);
  else jar.set(name, value);
}
