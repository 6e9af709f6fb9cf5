/**
 * What an OnlyFans session is made of, as its user copies it out of a browser: read strictly, because a wrong value
 * does not just fail but ends the session it was meant for. Nothing here changes a value.
 */
import * as z from 'zod/mini';
import { jsonObject } from '../../json.ts';
import type { CredentialField } from '../../providers/definition/credentials.ts';
import type { CredentialsReading } from '../../providers/provider.ts';
import { Secret } from '../../telemetry/secret.ts';

export const sessionFields = [
  { id: 'auth_id', label: 'User id (cookie auth_id)', secret: false, required: true },
  { id: 'sess', label: 'Session (cookie sess)', secret: true, required: true },
  { id: 'x_bc', label: 'Browser token (request header x-bc)', secret: true, required: true },
  { id: 'user_agent', label: 'User-Agent of that browser, exactly', secret: false, required: true },
  { id: 'auth_uid', label: 'Two-step login (cookie auth_uid_…)', secret: true, required: false },
  { id: 'cookies', label: 'Further cookies, as name=value; name=value', secret: true, required: false },
] as const satisfies readonly CredentialField[];

type FieldId = (typeof sessionFields)[number]['id'];

/** The fields, and the names that cookie helpers export them under. */
const fieldByName = new Map<string, FieldId>([
  ...sessionFields.map(({ id }) => [id, id] as const),
  ['id', 'auth_id'],
  ['auth_uid_', 'auth_uid'],
  ['cookie', 'cookies'],
]);

/** The characters of a token (RFC 9110 section 5.6.2): no blank, no separator, nothing that could end a header. */
const tokenCharacters = "[!#$%&'*+.^_`|~0-9A-Za-z-]";
const tokenOf = (least: number, most: number) =>
  z.string().check(z.regex(new RegExp(`^${tokenCharacters}{${least},${most}}$`)));

const session = z.object({
  auth_id: z.string().check(z.regex(/^[1-9]\d{0,19}$/)),
  sess: tokenOf(1, 512),
  x_bc: tokenOf(20, 64),
  user_agent: z.string().check(z.regex(/^[\x21-\x7e][\x20-\x7e]{8,510}[\x21-\x7e]$/)),
  auth_uid: z.exactOptional(tokenOf(1, 128)),
  extra_cookies: z.exactOptional(z.string()),
});

/** A session as it is sealed and as the tenant's backend receives it: one JSON text of all values. */
export type Session = z.output<typeof session>;

/** Reads what was entered: field by field, or with the browser's whole `Cookie` header among `cookies`. */
export function readSession(input: Readonly<Record<string, string>>): CredentialsReading {
  const wrong = new Set<string>();
  const given = new Map<FieldId, string>();
  for (const [name, value] of Object.entries(input)) {
    const field = fieldByName.get(name);
    if (field === undefined) wrong.add(name);
    else if (value !== '') settle(field, value);
  }
  const jar = cookiesIn(given.get('cookies') ?? '');
  if (jar === undefined) wrong.add('cookies');
  const extra = new Map(jar);
  takeCookie('auth_id', 'auth_id');
  takeCookie('sess', 'sess');
  takeCookie('auth_uid_', 'auth_uid');
  takeCookie(`auth_uid_${given.get('auth_id') ?? ''}`, 'auth_uid');
  // Another user's cookie among them: the values come from two log-ins.
  if ([...extra.keys()].some((name) => name.startsWith('auth_uid_'))) wrong.add('cookies');

  const { cookies: _, ...values } = Object.fromEntries(given);
  const parsed = session.safeParse({
    ...values,
    ...(extra.size > 0 && { extra_cookies: [...extra].map((cookie) => cookie.join('=')).join('; ') }),
  });
  for (const { path } of parsed.error?.issues ?? []) wrong.add(String(path[0]));
  if (!parsed.success || wrong.size > 0) return { kind: 'malformed', fields: [...wrong] };
  return {
    kind: 'credentials',
    secret: new Secret(JSON.stringify(parsed.data)),
    claimedAccount: parsed.data.auth_id,
  };

  function settle(field: FieldId, value: string): void {
    if ((given.get(field) ?? value) !== value) wrong.add(field);
    given.set(field, value);
  }

  function takeCookie(name: string, field: FieldId): void {
    const value = extra.get(name);
    extra.delete(name);
    if (value) settle(field, value);
  }
}

/** The session in a sealed secret, or nothing when it is none. */
export function openSession(secret: Secret): Session | undefined {
  return session.safeParse(jsonObject(secret.reveal())).data;
}

/** The `Cookie` header of a session, as the browser would send it. */
export function cookieHeader({ auth_id, sess, auth_uid, extra_cookies }: Session): string {
  const own = [`auth_id=${auth_id}`, `sess=${sess}`];
  if (auth_uid !== undefined) own.push(`auth_uid_${auth_id}=${auth_uid}`);
  if (extra_cookies !== undefined) own.push(extra_cookies);
  return own.join('; ');
}

/** The cookies of a `Cookie` header, by name; nothing when it is none, or names one twice. */
function cookiesIn(header: string): ReadonlyMap<string, string> | undefined {
  const jar = new Map<string, string>();
  for (const pair of header.split(';').map((part) => part.replace(/^ +| +$/g, ''))) {
    if (pair === '') continue;
    const [, name, value] = cookiePair.exec(pair) ?? [];
    if (name === undefined || value === undefined || jar.has(name)) return undefined;
    jar.set(name, value);
  }
  return jar;
}

/** Any printable text that a browser keeps as a value; a line break could inject headers. */
const cookiePair = new RegExp(`^(${tokenCharacters}{1,128})=([\\x20-\\x3a\\x3c-\\x7e]*)$`);
