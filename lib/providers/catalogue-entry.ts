/** Turns an entry of the catalogue of facts into provider data: the same words but for the names of some fields. */
import * as z from 'zod/mini';

const text = z.string();
const texts = z._default(z.record(text, text), {});

/** As the catalogue writes it; what operators do not need, such as its sources, is passed over. */
const entry = z.object({
  id: text,
  name: text,
  category: text,
  authorizationEndpoint: text,
  tokenEndpoint: text,
  refreshEndpoint: z.exactOptional(text),
  revocationEndpoint: z.exactOptional(text),
  userinfo: z.exactOptional(
    z.object({
      url: text,
      method: z.exactOptional(text),
      headers: texts,
      body: z.exactOptional(text),
      accountIdPath: text,
      displayNamePath: z.exactOptional(text),
      avatarPath: z.exactOptional(text),
    }),
  ),
  tokenAccountIdPath: z.exactOptional(text),
  tokenDisplayNamePath: z.exactOptional(text),
  idTokenAccountIdPath: z.exactOptional(text),
  idTokenDisplayNamePath: z.exactOptional(text),
  scopeSeparator: text,
  defaultScopes: z.array(text),
  scopes: texts,
  pkce: z.enum(['S256', 'required', 'none', 'unknown']),
  clientAuthentication: text,
  tokenRequestFormat: text,
  authorizationParameters: texts,
  tokenParameters: texts,
  tokenExpiry: z.object({
    accessTokenSeconds: z.exactOptional(z.number()),
    refreshTokens: z.exactOptional(z.enum(['yes', 'rotating', 'offline_scope', 'no'])),
  }),
  variables: z._default(
    z.record(
      text,
      z.object({
        pattern: text,
        default: z.exactOptional(text),
        example: z.exactOptional(text),
        from: z.exactOptional(text),
      }),
    ),
    {},
  ),
  docsUrl: z.exactOptional(text),
  confidence: text,
  unconfirmed: z._default(z.array(text), []),
  notes: z.exactOptional(text),
});

type Entry = z.output<typeof entry>;

/** What the catalogue calls values that an operator gives with the app. */
const operatorValues: Readonly<Record<string, string>> = {
  apiKey: 'API key of the app',
  appName: 'Name of the app, which the platform wants in its User-Agent',
  developerToken: 'Developer token of the app',
};

/**
 * Provider data for `parseProviderData`, which has the last word.
 * @throws Error when the entry is none of the catalogue's.
 */
export function fromCatalogueEntry(input: unknown): unknown {
  const one = entry.parse(input);
  const { userinfo, tokenExpiry } = one;
  const places = (account: string | undefined, name: string | undefined) =>
    account === undefined ? undefined : given({ account, name });
  return given({
    id: one.id,
    name: one.name,
    kind: 'oauth2',
    category: one.category,
    docsUrl: one.docsUrl?.replace(/#.*$/, ''),
    confidence: one.confidence,
    unconfirmed: one.unconfirmed,
    notes: one.notes,
    endpoints: given({
      authorization: one.authorizationEndpoint,
      token: one.tokenEndpoint,
      refresh: one.refreshEndpoint,
      revocation: one.revocationEndpoint,
    }),
    ...variablesOf(one),
    scopes: { known: one.scopes, default: one.defaultScopes, separator: one.scopeSeparator },
    // Where nobody knows, a challenge does no harm to a server that keeps to RFC 6749 section 3.1, which has it ignored.
    pkce: one.pkce === 'none' ? 'none' : 'S256',
    clientAuthentication: one.clientAuthentication,
    tokenRequestFormat: one.tokenRequestFormat,
    authorizationParameters: one.authorizationParameters,
    tokenParameters: one.tokenParameters,
    refresh: given({
      kind: refreshKinds[tokenExpiry.refreshTokens ?? 'rotating'],
      // Twenty years, which one platform says, is no lifetime to plan by.
      assumedLifetimeSeconds:
        (tokenExpiry.accessTokenSeconds ?? 0) > longestSeconds ? undefined : tokenExpiry.accessTokenSeconds,
    }),
    idToken: one.idTokenAccountIdPath === undefined ? undefined : true,
    profile:
      userinfo &&
      given({
        ...splitQuery(userinfo.url),
        method: userinfo.method,
        headers: Object.fromEntries(
          Object.entries(userinfo.headers).map(([name, value]) => [name.toLowerCase(), value]),
        ),
        body: userinfo.body,
        account: userinfo.accountIdPath,
        name: userinfo.displayNamePath,
        avatar: userinfo.avatarPath,
      }),
    tokenAccount: places(one.tokenAccountIdPath, one.tokenDisplayNamePath),
    idTokenAccount: places(one.idTokenAccountIdPath, one.idTokenDisplayNamePath),
  });
}

const longestSeconds = 315_360_000;
const refreshKinds = { yes: 'static', rotating: 'rotating', offline_scope: 'rotating', no: 'none' } as const;

/**
 * A variable that is a whole host of any name is the server of the operator's own app, and so a setting of it; the
 * others belong to the connection.
 */
function variablesOf({ variables, userinfo }: Entry) {
  const connectionFields: Record<string, unknown> = {};
  const appSettings: Record<string, unknown> = {};
  for (const [name, { pattern, from, ...more }] of Object.entries(variables)) {
    const [, source, path] = /^(callback|token answer)(?: parameter)? (\S+)$/.exec(from ?? '') ?? [];
    if (/(?:^|\|)\^\[a-z0-9\.-\]\+/.test(pattern)) {
      appSettings[name] = given({ meaning: `Host of your server (${name})`, pattern, default: more.default });
    } else {
      const origin = source === 'callback' ? { callback: path } : { tokenAnswer: path };
      connectionFields[name] = given({ ...more, pattern, from: path === undefined ? undefined : origin });
    }
  }
  const wanted = JSON.stringify(userinfo ?? {});
  for (const [name, meaning] of Object.entries(operatorValues)) {
    if (wanted.includes(`{${name}}`)) appSettings[name] = { meaning };
  }
  return { connectionFields, appSettings };
}

/** A credential in a query is a parameter of the profile's; a fixed query stays in its URL. */
function splitQuery(url: string): {
  readonly url: string;
  readonly query?: Readonly<Record<string, string>>;
} {
  const [path = '', query = ''] = url.split('?');
  return query.includes('{') ? { url: path, query: Object.fromEntries(new URLSearchParams(query)) } : { url };
}

/** What is there: an absent field has the engine's default. */
function given(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
