/**
 * Reads the first form of an HTML page as a browser would before it submits it.
 * It knows the controls that the consent pages use: inputs and named buttons.
 */

export interface HtmlForm {
  readonly method: string;
  /** As written on the page; absent when the form goes back to the page's own address. */
  readonly action?: string;
  readonly controls: readonly HtmlControl[];
}

export interface HtmlControl {
  readonly kind: 'checkbox' | 'radio' | 'submit' | 'field';
  readonly name: string;
  readonly value: string;
  readonly checked: boolean;
}

const comment = /<!--[\s\S]*?-->/g;
const tag =
  /<(\/?)([a-z][a-z0-9]*)((?:\s+[^\s=<>/"']+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'=<>`]+))?)*)\s*\/?>/gi;
const attribute = /([^\s=<>/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g;

/** The first form of the page with its enabled, named controls; undefined when there is none. */
export function readForm(page: string): HtmlForm | undefined {
  let attributes: ReadonlyMap<string, string> | undefined;
  const controls: HtmlControl[] = [];
  for (const [, closing, name, written] of page.replace(comment, '').matchAll(tag)) {
    const element = name?.toLowerCase();
    if (closing) {
      if (element === 'form' && attributes) break;
    } else if (element === 'form') {
      attributes ??= attributesOf(written ?? '');
    } else if (attributes && (element === 'input' || element === 'button')) {
      const control = controlOf(element, attributesOf(written ?? ''));
      if (control) controls.push(control);
    }
  }
  if (attributes === undefined) return undefined;
  const action = attributes.get('action');
  const method = (attributes.get('method') ?? 'get').toUpperCase();
  return { method, controls, ...(action && { action }) };
}

/** The page's main heading, to say what an error page said. */
export function headingOf(page: string): string {
  const heading = /<h1[^>]*>([\s\S]*?)<\/h1>/i.exec(page)?.[1] ?? '';
  return decodeEntities(heading.replace(/<[^>]*>/g, '')).trim();
}

function controlOf(
  element: 'input' | 'button',
  attributes: ReadonlyMap<string, string>,
): HtmlControl | undefined {
  const name = attributes.get('name');
  const type = (attributes.get('type') ?? (element === 'button' ? 'submit' : 'text')).toLowerCase();
  if (!name || attributes.has('disabled') || type === 'reset' || type === 'button') return undefined;
  const kind = type === 'checkbox' || type === 'radio' || type === 'submit' ? type : 'field';
  const value = attributes.get('value') ?? (kind === 'checkbox' || kind === 'radio' ? 'on' : '');
  return { kind, name, value, checked: attributes.has('checked') };
}

function attributesOf(written: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, name, double, single, bare] of written.matchAll(attribute)) {
    const key = name?.toLowerCase() ?? '';
    // As in HTML, the first of two attributes of one name counts.
    if (!found.has(key)) found.set(key, decodeEntities(double ?? single ?? bare ?? ''));
  }
  return found;
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|([a-z]+));/gi, (whole, decimal, hexadecimal, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return named[name] ?? whole;
  });
}
