/**
 * Visits a consent page in place of a person: reads the form that is really there, fills it in and submits it.
 * It answers where the platform sends the browser, and goes no further.
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
  const shown = await open(fetch, authorizeUrl);
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

  const target = new URL(form.action ?? authorizeUrl, authorizeUrl);
  const fields = new URLSearchParams();
  for (const { name, value } of sent) fields.append(name, value);
  if (form.method !== 'POST') throw new Error('The consent form does not use POST.');
  const answered = await open(fetch, target.href, fields);
  if (answered.location === undefined) {
    throw new Error(`The consent page did not redirect: ${headingOf(answered.page)}`);
  }
  return answered.location;
}

/** One request as a browser makes it, without following redirects. Error pages become errors. */
async function open(
  fetch: typeof globalThis.fetch,
  url: string,
  fields?: URLSearchParams,
): Promise<{ readonly page: string; readonly location?: string }> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMilliseconds),
    headers: { accept: 'text/html' },
    ...(fields && { method: 'POST', body: fields }),
  });
  const page = await response.text();
  const location = response.headers.get('location');
  if (location !== null) return { page, location: new URL(location, url).href };
  if (!response.ok)
    throw new Error(`The platform showed an error page (${response.status}): ${headingOf(page)}`);
  return { page };
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
