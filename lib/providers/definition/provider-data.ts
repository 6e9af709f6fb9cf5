/**
 * The one schema of a provider: a literal in `lib/platforms`, an entry of the catalogue and a tenant's own provider are
 * the same object. Whatever most platforms have is a default, so that a plain platform takes about fifteen lines.
 */
import * as z from 'zod/mini';
import { providerIdPattern } from '../../ids.ts';
import { accountPlaces, profile } from './account.ts';
import { api, placement } from './api.ts';
import { authorization, scopes } from './authorization.ts';
import { credentials } from './credentials.ts';
import { errors } from './errors.ts';
import { headers, shortText, urlTemplate } from './text.ts';
import { tokens } from './tokens.ts';
import { variables } from './variables.ts';
import { webhook } from './webhook.ts';

export const category = z.enum([
  'ads',
  'analytics',
  'commerce',
  'communication',
  'crm',
  'design',
  'developer',
  'finance',
  'hr',
  'identity',
  'marketing',
  'media',
  'other',
  'productivity',
  'social',
  'storage',
  'support',
]);

const common = {
  /** Stable id in URLs and records. */
  id: z.string().check(z.regex(providerIdPattern, 'must be 2-32 lower-case letters, digits and dashes')),
  /** The platform's name as its users know it. */
  name: shortText,
  category: z._default(category, 'other'),
  docsUrl: z.exactOptional(urlTemplate),
  /** How far the facts were confirmed, and which were not; shown to operators. */
  confidence: z._default(z.enum(['high', 'medium', 'low']), 'high'),
  unconfirmed: z._default(z.array(shortText), []),
  notes: z.exactOptional(z.string().check(z.maxLength(1_000))),
  /** One or two letters that stand for an icon; the name's first when absent. */
  monogram: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(2))),
  ...variables,
  /** Sent with every call; placeholders are the app's settings and `{clientId}`. */
  headers,
  errors: z.prefault(errors, {}),
  /** Calls about the connections of one app that one worker makes at once. */
  concurrency: z.exactOptional(z.int().check(z.gte(1), z.lte(50))),
  api: z.exactOptional(api),
  webhook: z.exactOptional(webhook),
};

/** Users consent on the platform's own pages. */
const oauth2 = z.strictObject({
  kind: z.literal('oauth2'),
  ...common,
  ...authorization,
  ...tokens,
  /** Where the platform names the account; the first that is given is asked, and the token answer names what it leaves out. */
  profile: z.exactOptional(profile),
  tokenAccount: z.exactOptional(accountPlaces),
  idTokenAccount: z.exactOptional(accountPlaces),
  /** Whether one consent yields one account or may yield several. */
  accounts: z._default(z.enum(['one', 'several']), 'one'),
  placement: z.prefault(placement, { in: 'header' }),
});

/** Users enter a key of theirs, which `profile` proves. */
const apiKey = z.strictObject({ kind: z.literal('api_key'), ...common, credentials, profile, placement });

/** Users lend what a browser session runs on. Code reads and proves it, so only built-in platforms may have it. */
const session = z.strictObject({
  kind: z.literal('session'),
  ...common,
  credentials,
  /** What the code's probe asks. */
  probeUrl: urlTemplate,
});

/** A server of the Model Context Protocol, whose metadata says all else. */
const mcp = z.strictObject({
  kind: z.literal('mcp'),
  ...common,
  /** The server's address, which is also the `resource` of RFC 8707. */
  server: urlTemplate,
  scopes: z.prefault(scopes, {}),
  registration: z._default(
    z.enum(['client-metadata-document', 'dynamic', 'operator']),
    'client-metadata-document',
  ),
});

export const providerData = z.discriminatedUnion('kind', [oauth2, apiKey, session, mcp]);

/** As it is written: with what differs from the defaults. */
export type ProviderInput = z.input<typeof providerData>;
/** As it is read: complete. */
export type ProviderData = z.output<typeof providerData>;
export type ProviderKind = ProviderData['kind'];
export type DataOf<Kind extends ProviderKind> = Extract<ProviderData, { readonly kind: Kind }>;
export type OAuth2Data = DataOf<'oauth2'>;
