/**
 * Visits a consent page in place of a person: reads the form that is really there, fills it in and submits it.
 * Like a browser it keeps the platform's cookies and follows its redirects for as long as they stay on the platform;
 * it answers where the platform sends the browser in the end, and goes no further.
 */
import { type HtmlControl, headingOf, readForm } from './html-form.ts';

export interface Visit {
  /** The account to choose, by its key on the page; the one the page has chosen when absent. */
  readonly account?: string;
  /** The scopes to leave ticked; all of them when absent. */
  readonly scopes?: readonly string[];
  readonly decision?: 'approve' | 'deny';
}

const timeoutMilliseconds = 10_000;
const mostRedirects = 5;

/**
 * Takes the decision on the consent page of an authorization URL.
 *
 * @returns the Location that the platform redirects to, made absolute.
 * @throws when the platform shows an error page, or when the page does not offer what was to be chosen.
 */
export async function approve(
  authorizeUrl: string,
  { account, scopes, decision = 'approve' }: Visit,
  fetch: typeof globalThis.fetch,
): Promise<string> {
  const open = openBrowser(authorizeUrl, fetch);
  const shown = await open(authorizeUrl);
  if (shown.location !== undefined) return shown.location;
  const form = readForm(shown.page);
  if (form === undefined) throw new Error('The consent page has no form.');

  const button = pick(form.controls, 'submit', 'decision', decision);
  const chosen = account === undefined ? undefined : pick(form.controls, 'radio', 'account', account);
  for (const scope of scopes ?? []) pick(form.controls, 'checkbox', 'scope', scope);
  const sent = form.controls.filter((control) => {
    if (control.kind === 'submit') return control === button;
    if (control.kind === 'radio' && control.name === 'account' && chosen) return control === chosen;
    if (control.kind === 'checkbox' && control.name === 'scope' && scopes) {
      return scopes.includes(control.value);
    }
    return control.kind === 'field' || control.checked;
  });

  const target = new URL(form.action ?? shown.url, shown.url);
  const fields = new URLSearchParams();
  for (const { name, value } of sent) fields.append(name, value);
  if (form.method !== 'POST') throw new Error('The consent form does not use POST.');
  const answered = await open(target.href, fields);
  if (answered.location === undefined) {
    throw new Error(`The consent page did not redirect: ${headingOf(answered.page)}`);
  }
  return answered.location;
}

/** Where a request led: to a page of the platform, or away from the platform. */
interface Arrival {
  readonly url: string;
  readonly page: string;
  readonly location?: string;
}

/** A browser with no memory of earlier visits. Error pages become errors. */
function openBrowser(authorizeUrl: string, fetch: typeof globalThis.fetch) {
  const platform = new URL(authorizeUrl);
  const redirectUri = platform.searchParams.get('redirect_uri') ?? '';
  const cookies = new Map<string, string>();

  /** Without a redirect URI to compare with, the first redirect is taken for the last. */
  function leaves(location: URL): boolean {
    if (location.origin !== platform.origin || !URL.canParse(redirectUri)) return true;
    const application = new URL(redirectUri);
    return location.origin === application.origin && location.pathname === application.pathname;
  }

  return async function open(url: string, fields?: URLSearchParams): Promise<Arrival> {
    let target = url;
    let body = fields;
    for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(target, {
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMilliseconds),
        headers: { accept: 'text/html', ...(cookie !== '' && { cookie }) },
        ...(body && { method: 'POST', body }),
      });
      const page = await response.text();
      for (const written of response.headers.getSetCookie()) keepCookie(cookies, written);
      const next = response.headers.get('location');
      if (next === null) {
        if (response.ok) return { url: target, page };
        throw new Error(`The platform showed an error page (${response.status}): ${headingOf(page)}`);
      }
      const location = new URL(next, target);
      if (leaves(location)) return { url: target, page, location: location.href };
      // As browsers do after 301, 302 and 303, the platform's redirects are followed with GET.
      target = location.href;
      body = undefined;
    }
    throw new Error('The platform redirected too often.');
  };
}

/** Keeps a cookie by its name, or drops it when the platform lets it expire. */
function keepCookie(cookies: Map<string, string>, written: string): void {
  const [pair = '', ...attributes] = written.split(';').map((part) => part.trim());
  const equals = pair.indexOf('=');
  if (equals <= 0) return;
  const name = pair.slice(0, equals);
  const expired = attributes.some((attribute) => {
    const [, kind, value = ''] = /^(max-age|expires)=(.*)$/i.exec(attribute) ?? [];
    if (kind === undefined) return false;
    // A date in the first year of the epoch is how servers delete; all other cookies outlive the visit.
    return kind.toLowerCase() === 'max-age' ? Number(value) <= 0 : / 1970 /.test(value);
  });
  if (expired) cookies.delete(name);
  else cookies.set(name, pair.slice(equals + 1));
}

function pick(
  controls: readonly HtmlControl[],
  kind: HtmlControl['kind'],
  name: string,
  value: string,
): HtmlControl {
  const found = controls.find(
    (control) => control.kind === kind && control.name === name && control.value === value,
  );
  if (found === undefined) throw new Error(`The consent page does not offer the ${name} ${value}.`);
  return found;
}
