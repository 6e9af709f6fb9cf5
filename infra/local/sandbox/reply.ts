/** The few ways in which a sandbox platform reads a call and shapes an answer. */
import type { Call, JsonObject, Reply } from './dialect.ts';

type Headers = Readonly<Record<string, string>>;

export function json(status: number, value: JsonObject, headers: Headers = {}): Reply {
  return { status, headers, body: { kind: 'json', value } };
}

export function html(status: number, text: string, headers: Headers = {}): Reply {
  return { status, headers, body: { kind: 'text', type: 'text/html; charset=utf-8', text } };
}

export function empty(status: number, headers: Headers = {}): Reply {
  return { status, headers, body: { kind: 'empty' } };
}

/** 303, so that the browser turns the consent form's POST into a GET. */
export function redirect(location: string): Reply {
  return empty(303, { location, 'cache-control': 'no-store' });
}

/** A registered redirect URI with the platform's answer added to its query. */
export function withParameters(redirectUri: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url.href;
}

/** The fields of a form body; undefined when the body is of any other type. */
export function formOf(call: Call): URLSearchParams | undefined {
  const type = call.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/x-www-form-urlencoded' ? new URLSearchParams(call.body) : undefined;
}

/** The text and number members of a JSON body as fields; undefined when the body is of any other type or no object. */
export function jsonFieldsOf(call: Call): URLSearchParams | undefined {
  if (!/^application\/json\b/i.test(call.headers['content-type'] ?? '')) return undefined;
  const value = parseJson(call.body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const members = Object.entries(value).flatMap(([name, member]: [string, unknown]): [string, string][] =>
    typeof member === 'string' || typeof member === 'number' ? [[name, String(member)]] : [],
  );
  return new URLSearchParams(members);
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The token of an `Authorization: Bearer` header; the scheme's case does not matter. */
export function bearerOf(call: Call): string | undefined {
  return /^bearer +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1];
}

/** The user name and password of an `Authorization: Basic` header. */
export function basicOf(call: Call): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^basic +(\S+)$/i.exec(call.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Text that is safe inside an HTML element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
