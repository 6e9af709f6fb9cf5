/** Reads accounts where a definition says that they stand, in a profile answer, a token answer or an ID token's claims. */
import { isOpaqueId } from '../../ids.ts';
import { at, readAlternatives, readScalar, readScalars, type Scalar } from '../../oauth/json-path.ts';
import type { Account } from '../account.ts';
import type { AccountPlaces } from '../definition/account.ts';
import type { ProviderData } from '../definition/provider-data.ts';
import type { ProfileReading } from '../provider.ts';
import { successOf } from './refusals.ts';

type Profile = Extract<ProviderData, { readonly kind: 'oauth2' | 'api_key' }>['profile'];

/** What a profile answer holds. */
export function readProfile(
  data: ProviderData & { readonly profile?: Profile },
  body: unknown,
): ProfileReading {
  const { profile } = data;
  const refused = successOf(data)?.(body) === false;
  const entries = profile?.list === undefined ? [body] : at(body, profile.list);
  if (!profile || refused || !Array.isArray(entries)) return { kind: 'error', code: codeOf(data, body) };
  const accounts = entries.map((entry: unknown) => readAccount(profile, entry));
  const known = accounts.filter((account) => account !== undefined);
  return known.length < accounts.length
    ? { kind: 'error', code: codeOf(data, body) }
    : { kind: 'accounts', accounts: known };
}

/** The account that places describe; nothing without a stable id. */
export function readAccount(places: AccountPlaces, value: unknown): Account | undefined {
  const accountId = accountIdAt(places, value);
  const name = places.name === undefined ? undefined : textOf(value, places.name);
  if (accountId === undefined || (places.namePrefix !== undefined && name === undefined)) return undefined;
  const avatarUrl = places.avatar === undefined ? undefined : textOf(value, places.avatar);
  const platformUserId = places.platformUser === undefined ? undefined : idAt(value, places.platformUser);
  const metadata = Object.entries(places.metadata).flatMap(([key, path]): [string, Scalar][] => {
    const found = readScalar(value, path);
    return found === undefined ? [] : [[key, found]];
  });
  return {
    accountId,
    displayName: name === undefined ? accountId : `${places.namePrefix ?? ''}${name}`,
    ...(avatarUrl !== undefined && { avatarUrl }),
    ...(platformUserId !== undefined && { platformUserId }),
    metadata: Object.fromEntries(metadata),
  };
}

function accountIdAt({ account, accountIs }: AccountPlaces, value: unknown): string | undefined {
  const parts = readScalars(value, account);
  if (accountIs === 'text' && parts.some((part) => typeof part !== 'string')) return undefined;
  return idAt(value, account);
}

/** An id: every part that `+` joins must be there, because half an id identifies no account. */
function idAt(value: unknown, path: string): string | undefined {
  for (const alternative of path.split('|')) {
    const wanted = alternative.split('+');
    const found = wanted.flatMap((one) => readScalars(value, one)).filter((one) => typeof one !== 'boolean');
    const id = found.map(String).join(':');
    if (found.length === wanted.length && isOpaqueId(id)) return id;
  }
  return undefined;
}

/** Names are text; another type where one belongs is passed over. */
function textOf(value: unknown, path: string): string | undefined {
  for (const alternative of path.split('|')) {
    const texts = alternative.split('+').flatMap((one) => readScalars(value, one));
    const words = texts.filter((one) => typeof one === 'string');
    if (words.length > 0) return words.join(' ');
  }
  return undefined;
}

/** The code by which an answer that holds no account refuses; a number is taken for the status that it repeats. */
function codeOf(data: ProviderData, body: unknown): string {
  const success = data.errors.success;
  const codes = readAlternatives(body, success?.path ?? data.errors.codes);
  const [code] = codes.filter((one) => one !== String(success?.is));
  if (code === undefined) return 'unreadable';
  if (/^[45]\d\d$/.test(code)) return `http_${code}`;
  return success === undefined ? 'unreadable' : code;
}
