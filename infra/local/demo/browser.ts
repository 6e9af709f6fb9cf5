/** Simulates a person's browser: it keeps cookies per host, follows redirects one at a time, and fills in consent pages. */
import { approve, type Visit } from '../sandbox/visitor/consent-visitor.ts';
import type { Answer, Caller } from './http-caller.ts';
import { StepFailed } from './transcript.ts';

export type Browser = ReturnType<typeof openBrowser>;

export function openBrowser(call: Caller) {
  const jars = new Map<string, Map<string, string>>();

  /** Opens a URL without following a redirect. */
  async function open(url: string, body?: URLSearchParams): Promise<Answer> {
    const jar = jarOf(url);
    const headers = new Headers({ accept: 'text/html' });
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '));
    const method = body === undefined ? 'GET' : 'POST';
    const answer = await call({ method, url, headers, ...(body !== undefined && { body }) });
    for (const line of answer.headers.getSetCookie()) keepCookie(jar, line);
    return answer;
  }

  return {
    open,

    /** Opens a URL that must redirect, and returns the target. */
    async follow(url: string): Promise<URL> {
      const { headers } = await open(url);
      const location = headers.get('location');
      if (location === null) throw new StepFailed('The response redirects the browser.');
      return new URL(location, url);
    },

    /** Fills in the consent page of an authorization URL, and returns the URL to which the platform redirects. */
    async consent(authorizationUrl: string, visit: Visit): Promise<string> {
      return approve(authorizationUrl, visit, async (input, init) => {
        const url = String(input instanceof Request ? input.url : input);
        const { status, headers, text } = await open(
          url,
          init?.body instanceof URLSearchParams ? init.body : undefined,
        );
        return new Response(status === 204 || status === 304 ? null : text, { status, headers });
      });
    },
  };

  function jarOf(url: string): Map<string, string> {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  }
}

function keepCookie(jar: Map<string, string>, line: string): void {
  const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
  if (name === undefined || value === undefined) return;
  if (/;\s*max-age=0\b/i.test(line)) jar.delete(name);
  else jar.set(name, value);
}
