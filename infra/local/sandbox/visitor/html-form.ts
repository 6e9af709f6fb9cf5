/**
 * Reads the first form of an HTML page as a browser would before it submits it.
 * It knows the controls that the consent pages use: inputs and named buttons.
 */
import { type DefaultTreeAdapterTypes, defaultTreeAdapter, parse } from 'parse5';

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

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

/** The first form of the page with its enabled, named controls; undefined when there is none. */
export function readForm(page: string): HtmlForm | undefined {
  const form = elementsIn(parse(page)).find(({ tagName }) => tagName === 'form');
  if (form === undefined) return undefined;
  const attributes = attributesOf(form);
  const action = attributes.get('action');
  return {
    method: (attributes.get('method') ?? 'get').toUpperCase(),
    controls: elementsIn(form).flatMap(controlOf),
    ...(action && { action }),
  };
}

/** The page's main heading, to say what an error page said. */
export function headingOf(page: string): string {
  const heading = elementsIn(parse(page)).find(({ tagName }) => tagName === 'h1');
  return heading === undefined ? '' : textOf(heading).trim();
}

/** What the element contributes to a submission; nothing when a browser would never submit it. */
function controlOf(element: Element): readonly HtmlControl[] {
  const { tagName } = element;
  if (tagName !== 'input' && tagName !== 'button') return [];
  const attributes = attributesOf(element);
  const name = attributes.get('name');
  const type = (attributes.get('type') ?? (tagName === 'button' ? 'submit' : 'text')).toLowerCase();
  if (!name || attributes.has('disabled') || type === 'reset' || type === 'button') return [];
  const kind = type === 'checkbox' || type === 'radio' || type === 'submit' ? type : 'field';
  const value = attributes.get('value') ?? (kind === 'checkbox' || kind === 'radio' ? 'on' : '');
  return [{ kind, name, value, checked: attributes.has('checked') }];
}

function attributesOf(element: Element): ReadonlyMap<string, string> {
  return new Map(element.attrs.map(({ name, value }) => [name, value]));
}

/** Every element below a node, in the order of the page. */
function elementsIn(node: Node): readonly Element[] {
  return childrenOf(node).flatMap((child) =>
    defaultTreeAdapter.isElementNode(child) ? [child, ...elementsIn(child)] : [],
  );
}

function textOf(node: Node): string {
  return childrenOf(node)
    .map((child) => (defaultTreeAdapter.isTextNode(child) ? child.value : textOf(child)))
    .join('');
}

function childrenOf(node: Node): readonly Node[] {
  return 'childNodes' in node ? node.childNodes : [];
}
