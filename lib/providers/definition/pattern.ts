/**
 * The regular expressions that a definition may hold: small, anchored, and free of the forms that take exponential
 * time. They are read into a tree, so that it can be proven of a host which domains it may end in.
 */

type Node =
  | { readonly kind: 'text'; readonly text: string }
  /** One or more characters that are not known beforehand. */
  | { readonly kind: 'wild' }
  | { readonly kind: 'sequence' | 'choice'; readonly of: readonly Node[] }
  | { readonly kind: 'optional'; readonly of: Node };

/** How the texts of a pattern may end. */
export interface Tail {
  readonly text: string;
  /** Whether unknown text precedes it; otherwise it is the whole text. */
  readonly open: boolean;
}

const longestPattern = 300;
/** More endings than any platform has; the rest of a pattern counts as unknown. */
const mostTails = 200;

/** What is wrong with a pattern; nothing when it is a good one. */
export function patternFlaw(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `has more than ${longestPattern} characters`;
  return parsePattern(pattern) ? undefined : 'is no regular expression from ^ to $ without repeated groups';
}

/** The endings of all texts that a host template can become, its `{variables}` replaced by their patterns. */
export function tailsOf(
  template: string,
  patternOf: (variable: string) => string | undefined,
): readonly Tail[] {
  const pieces = template.split(/(\{\w+\})/).map((piece): Node => {
    const variable = /^\{(\w+)\}$/.exec(piece)?.[1];
    if (variable === undefined) return { kind: 'text', text: piece };
    return parsePattern(patternOf(variable) ?? '') ?? { kind: 'wild' };
  });
  return endings({ kind: 'sequence', of: pieces });
}

function endings(node: Node): readonly Tail[] {
  switch (node.kind) {
    case 'text':
      return [{ text: node.text, open: false }];
    case 'wild':
      return [{ text: '', open: true }];
    case 'optional':
      return [{ text: '', open: false }, ...endings(node.of)];
    case 'choice':
      return limited(node.of.flatMap(endings));
    case 'sequence':
      return node.of.reduceRight<readonly Tail[]>(
        (after, before) =>
          limited(
            after.flatMap((tail) =>
              tail.open
                ? [tail]
                : endings(before).map(({ text, open }) => ({ text: `${text}${tail.text}`, open })),
            ),
          ),
        [{ text: '', open: false }],
      );
  }
}

function limited(tails: readonly Tail[]): readonly Tail[] {
  return tails.length > mostTails ? [{ text: '', open: true }] : tails;
}

/** The tree of a pattern, each alternative of which goes from `^` to `$`. */
function parsePattern(pattern: string): Node | undefined {
  try {
    new RegExp(pattern);
  } catch {
    return undefined;
  }
  let at = 0;
  const node = readChoice(true);
  return at === pattern.length ? node : undefined;

  function readChoice(anchored: boolean): Node | undefined {
    const of: Node[] = [];
    do {
      const sequence = readSequence(anchored);
      if (!sequence) return undefined;
      of.push(sequence);
    } while (take('|'));
    return { kind: 'choice', of };
  }

  function readSequence(anchored: boolean): Node | undefined {
    if (anchored && !take('^')) return undefined;
    const of: Node[] = [];
    while (at < pattern.length && !'|)'.includes(pattern.charAt(at))) {
      if (pattern.charAt(at) === '$') break;
      const item = readItem();
      if (!item) return undefined;
      of.push(item);
    }
    if (anchored && !take('$')) return undefined;
    return { kind: 'sequence', of };
  }

  function readItem(): Node | undefined {
    const isGroup = pattern.charAt(at) === '(';
    const atom = isGroup ? readGroup() : readAtom();
    if (!atom) return undefined;
    if (take('?')) return { kind: 'optional', of: atom };
    const repeated = /^(?:[*+]|\{\d+(?:,\d*)?\})/.exec(pattern.slice(at))?.[0];
    if (repeated === undefined) return atom;
    at += repeated.length;
    // A repeated group is what takes exponential time; no platform's host needs one.
    return isGroup || '?+'.includes(pattern.charAt(at) || ' ') ? undefined : { kind: 'wild' };
  }

  function readGroup(): Node | undefined {
    at += 1;
    if (pattern.startsWith('?:', at)) at += 2;
    else if (pattern.charAt(at) === '?') return undefined;
    const inner = readChoice(false);
    return take(')') ? inner : undefined;
  }

  function readAtom(): Node | undefined {
    const [token] = /^(?:\[(?:\\.|[^\]\\])+\]|\\.|[^\\^$*+?{}[\]()|])/s.exec(pattern.slice(at)) ?? [];
    if (token === undefined) return undefined;
    at += token.length;
    if (token === '.' || token.startsWith('[')) return { kind: 'wild' };
    if (!token.startsWith('\\')) return { kind: 'text', text: token };
    if (/^\\[1-9kpPbBcuxX]/.test(token)) return undefined;
    return /^\\\w/.test(token) ? { kind: 'wild' } : { kind: 'text', text: token.slice(1) };
  }

  function take(character: string): boolean {
    if (pattern.charAt(at) !== character) return false;
    at += 1;
    return true;
  }
}
