/**
 * Cross-origin answers as an HTTP API gives them once CORS is configured: preflights never reach a function,
 * and whatever a function says about CORS is ignored.
 */

/** The API's CORS configuration, named as AWS names it. */
export interface GatewayCors {
  /** Exact origins, `*`, or a scheme with any host: `https://*`. */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number;
}

/** Headers for a preflight; none where the request is no complete preflight or the origin is not allowed. */
export function preflightHeaders(
  cors: GatewayCors,
  origin: string | undefined,
  requestedMethod: string | undefined,
): Record<string, string> {
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined || requestedMethod === undefined) return {};
  return {
    ...originHeaders(allowed),
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
    'access-control-max-age': String(cors.maxAgeSeconds),
  };
}

/** Replaces the CORS headers of an answer by the configured ones, or by none for a request without an origin. */
export function withCors(
  cors: GatewayCors,
  origin: string | undefined,
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !name.startsWith('access-control-')),
  );
  const allowed = allowedOrigin(cors, origin);
  if (allowed === undefined) return own;
  return {
    ...own,
    ...originHeaders(allowed, own['vary']),
    ...(cors.exposeHeaders.length > 0 && { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  };
}

function allowedOrigin(cors: GatewayCors, origin: string | undefined): string | undefined {
  if (origin === undefined) return undefined;
  if (cors.allowOrigins.includes('*')) return '*';
  const matches = cors.allowOrigins.some((allowed) =>
    allowed.endsWith('://*') ? origin.startsWith(allowed.slice(0, -1)) : allowed === origin,
  );
  return matches ? origin : undefined;
}

function originHeaders(allowed: string, vary?: string): Record<string, string> {
  if (allowed === '*') return { 'access-control-allow-origin': '*' };
  // An answer that names one origin must not be served to another from a cache.
  return { 'access-control-allow-origin': allowed, vary: vary === undefined ? 'origin' : `${vary}, origin` };
}
