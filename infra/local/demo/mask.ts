/**
 * Masks secrets in the demo's output. Equal secrets get equal marks, so that a reader sees a token change without seeing
 * the token. A secret that was masked once is masked wherever it occurs later.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { catalogue } from '../../../lib/errors.ts';

const secretFields: ReadonlySet<string> = new Set([
  'accessToken',
  'refreshToken',
  'access_token',
  'refresh_token',
  'client_secret',
  'clientSecret',
  'completion',
  'token',
]);
const secretParameters: ReadonlySet<string> = new Set(['code', 'state', 'completion', 'nonce']);

/** Shorter texts occur by chance, so `scrub` does not search for them. */
const shortestSecret = 16;

export function createMask() {
  const salt = randomBytes(32);
  const known = new Map<string, string>();
  return { secret, fieldsOf, parametersOf, header, scrub };

  /** The mark of a secret. */
  function secret(value: string): string {
    const mark = `[masked ${createHmac('sha256', salt).update(value).digest('hex').slice(0, 4)}]`;
    if (value.length >= shortestSecret) known.set(value, mark);
    return mark;
  }

  /** JSON with its secret fields masked, at any depth. Short words such as `direct` are no secret in any field. */
  function fieldsOf(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(fieldsOf);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        secretFields.has(name) && typeof field === 'string' && field.length >= shortestSecret
          ? secret(field)
          : fieldsOf(field),
      ]),
    );
  }

  /** The parameters of a query or a form. Error codes are not secret. */
  function parametersOf(parameters: URLSearchParams): readonly (readonly [name: string, value: string])[] {
    return [...parameters].map(([name, value]) => [
      name,
      (secretParameters.has(name) && !Object.hasOwn(catalogue, value)) || secretFields.has(name)
        ? secret(value)
        : value,
    ]);
  }

  /** A header that carries a secret: the caller's credentials, or cookies in either direction. */
  function header(name: 'authorization' | 'cookie' | 'set-cookie', value: string): string {
    if (name === 'authorization') return value.replace(/\S+$/, secret);
    const [first = '', ...rest] = value.split('; ');
    // More cookies follow the first one, or its attributes, which are not secret.
    return [cookie(first), ...(name === 'cookie' ? rest.map(cookie) : rest)].join('; ');
  }

  function cookie(pair: string): string {
    return pair.replace(/=(.+)$/, (_, value: string) => `=${secret(value)}`);
  }

  /** Masks every known secret in a text before it is printed. */
  function scrub(text: string): string {
    let clean = text;
    for (const [value, mark] of known) {
      clean = clean.replaceAll(value, mark).replaceAll(encodeURIComponent(value), mark);
    }
    return clean;
  }
}
