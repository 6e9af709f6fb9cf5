/** Reads texts against the templates of a provider's data: what stands where the template says `{name}`? */
import type { GeneratedPlatformFacts } from './facts.ts';

export type Captures = Readonly<Record<string, string>>;

/** A URL of the data in its parts; the host may hold `{variables}`, too. */
export interface UrlTemplate {
  readonly host: string;
  readonly path: string;
  readonly query: Captures;
}

const placeholder = /\{([a-z]\w*)\}/i;

export function parseUrlTemplate(url: string): UrlTemplate {
  const [, host, path, query] = /^https:\/\/([^/?]+)([^?]*)(?:\?(.*))?$/.exec(url) ?? [];
  if (host === undefined) throw new Error('The data of a generated platform has a URL that is not https.');
  return { host, path: path || '/', query: Object.fromEntries(new URLSearchParams(query ?? '')) };
}

/** The value of each placeholder; `undefined` when the text does not match the template. */
export function readTemplate(template: string, text: string, part = '.+'): Captures | undefined {
  const found = patternOf(template, part).exec(text);
  return found ? { ...found.groups } : undefined;
}

/** Fits the texts of a template, with a group for each placeholder. Letters of either case fit. */
export function patternOf(template: string, part = '.+'): RegExp {
  const seen = new Set<string>();
  const pattern = template
    .split(placeholder)
    .map((piece, index) => {
      if (index % 2 === 0) return piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      if (seen.has(piece)) return `\\k<${piece}>`;
      seen.add(piece);
      return `(?<${piece}>${part})`;
    })
    .join('');
  return new RegExp(`^${pattern}$`, 'i');
}

export function hasPlaceholder(template: string, name: string): boolean {
  return template.includes(`{${name}}`);
}

/** Whether what was read is what the caller must say, as far as that is known, and fits its pattern otherwise. */
export function agrees(facts: GeneratedPlatformFacts, captures: Captures, known: Captures): boolean {
  return Object.entries(captures).every(([name, value]) => {
    const expected = known[name];
    if (expected !== undefined) return value === expected;
    const pattern = facts.connectionFields[name]?.pattern ?? facts.appSettings[name]?.pattern;
    return pattern === undefined || new RegExp(pattern).test(value);
  });
}
