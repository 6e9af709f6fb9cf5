/**
 * Which route a request belongs to. Paths are decoded exactly as an HTTP API decodes them, oddities included,
 * so that an id that cannot travel in a path on AWS cannot travel in one here.
 */

/** One line of the API: a method, a path with `{variables}`, and the function behind it. */
export interface GatewayRoute {
  readonly method: string;
  /** Such as `/integrations/callback/{app}`; a variable stands for one whole segment. */
  readonly path: string;
  readonly functionName: string;
}

/** The two readings of a request's path. */
export interface RequestPath {
  /** Decoded once: what routes are matched against. */
  readonly routed: string;
  /** Decoded twice: what the function gets to see. */
  readonly decoded: string;
}

/** A route together with the values of its variables. */
export interface RouteMatch {
  readonly route: GatewayRoute;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Reads the path of a request target; `undefined` means that the gateway answers 400.
 *
 * Live captures of an HTTP API (hotsock/voker, `ingress-paths.json`, 2026) show that the path is decoded twice
 * and cut at a `?` that the first decoding brings out: `%2F` becomes a slash, `%252F` becomes one too, `%3F`
 * ends the path, and `%25` followed by anything but two hex digits is refused. That routes are matched between
 * the two decodings is inferred: `a%252Fb` is reported to reach a single variable, `a%2Fb` is not.
 */
export function readPath(sentPath: string): RequestPath | undefined {
  try {
    const [routed = ''] = decodeURIComponent(sentPath).split('?', 1);
    return { routed, decoded: decodeURIComponent(routed) };
  } catch {
    return undefined;
  }
}

/** Prepares the table once; the answer finds the best route for a method and a path decoded once. */
export function routeTable(
  routes: readonly GatewayRoute[],
): (method: string, routed: string) => RouteMatch | undefined {
  const table = routes.map(compile).sort((a, b) => compareOrder(a.order, b.order));
  return (method, routed) => {
    const segments = routed.split('/');
    for (const candidate of table) {
      if (candidate.route.method !== method) continue;
      const pathParameters = matchSegments(candidate.segments, segments);
      if (pathParameters !== undefined) return { route: candidate.route, pathParameters };
    }
    return undefined;
  };
}

interface CompiledRoute {
  readonly route: GatewayRoute;
  readonly segments: readonly Segment[];
  /** One letter per segment, so that a fixed segment sorts before a variable one. */
  readonly order: string;
}

type Segment =
  | { readonly kind: 'fixed'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string };

function compile(route: GatewayRoute): CompiledRoute {
  const segments = route.path.split('/').map((text): Segment => {
    const name = /^\{([A-Za-z0-9_.-]+)\}$/.exec(text)?.[1];
    if (name !== undefined) return { kind: 'variable', name };
    if (/[{}]/.test(text)) {
      throw new Error(
        `The route ${route.path} is not served here: a variable must be one whole segment, {name}.`,
      );
    }
    return { kind: 'fixed', text };
  });
  return {
    route,
    segments,
    order: segments.map((segment) => (segment.kind === 'fixed' ? 'a' : 'b')).join(''),
  };
}

function compareOrder(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function matchSegments(
  expected: readonly Segment[],
  given: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (expected.length !== given.length) return undefined;
  const values: [string, string][] = [];
  for (const [index, segment] of expected.entries()) {
    const text = given[index] ?? '';
    if (segment.kind === 'fixed') {
      if (segment.text !== text) return undefined;
    } else {
      if (text === '') return undefined;
      // Cannot throw: readPath has decoded the whole path, and '/' never stands inside an escape.
      values.push([segment.name, decodeURIComponent(text)]);
    }
  }
  return Object.fromEntries(values);
}
