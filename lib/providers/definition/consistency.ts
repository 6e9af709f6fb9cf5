/** What the fields of a definition must agree on among themselves. */
import { hostFlaw } from './hosts.ts';
import type { OAuth2Data, ProviderData } from './provider-data.ts';

export interface Flaw {
  /** Such as `profile.account`. */
  readonly field: string;
  readonly problem: string;
}

/** @param withCode whether the platform also has code, which may find accounts and revoke by itself. */
export function consistencyFlaws(data: ProviderData, withCode: boolean): readonly Flaw[] {
  return [
    ...urlFlaws(data),
    ...placeholderFlaws(data),
    ...settingFlaws(data),
    ...(data.kind === 'oauth2' ? oauthFlaws(data, withCode) : []),
    ...('profile' in data &&
    data.profile &&
    data.profile.url === undefined &&
    !('discovery' in data && data.discovery)
      ? [{ field: 'profile.url', problem: 'must be given, or discovery' }]
      : []),
    ...(data.kind === 'session' && !withCode ? [{ field: 'kind', problem: 'needs code of its own' }] : []),
  ];
}

/** Every URL of a definition, by its field. */
export function urlsOf(data: ProviderData): readonly (readonly [field: string, url: string])[] {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['api.base', data.api?.base],
    ...(data.api?.hosts ?? []).map((host, index) => [`api.hosts.${index}`, `https://${host}`] as const),
    ...('profile' in data ? [['profile.url', data.profile?.url] as const] : []),
    ...(data.kind === 'session' ? [['probeUrl', data.probeUrl] as const] : []),
    ...(data.kind === 'mcp' ? [['server', data.server] as const] : []),
    ...(data.kind === 'oauth2' ? authorizationUrls(data) : []),
  ];
  return named.flatMap(([field, url]) => (url === undefined ? [] : [[field, url] as const]));
}

function authorizationUrls({ endpoints, discovery, issuers }: OAuth2Data) {
  const { others = {}, ...standard } = endpoints ?? {};
  return [
    ...Object.entries(standard).map(([name, url]) => [`endpoints.${name}`, url] as const),
    ...Object.entries(others).map(([name, url]) => [`endpoints.others.${name}`, url] as const),
    ['discovery.issuer', discovery?.issuer] as const,
    ...issuers.map((issuer, index) => [`issuers.${index}`, issuer] as const),
  ];
}

function urlFlaws(data: ProviderData): readonly Flaw[] {
  return urlsOf(data).flatMap(([field, url]) => {
    const known = { ...data.connectionFields, ...data.appSettings };
    const names = [...url.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
    const unknown = names.find(
      (name) => !Object.hasOwn(known, name) && !(field === 'profile.url' && name === 'accountId'),
    );
    if (unknown !== undefined) {
      return [{ field, problem: `has {${unknown}}, which is neither a connection field nor an app setting` }];
    }
    const unguarded = names.find((name) => Object.hasOwn(known, name) && known[name]?.pattern === undefined);
    if (unguarded !== undefined) return [{ field, problem: `has {${unguarded}}, which has no pattern` }];
    const flaw = hostFlaw(data, url);
    return flaw === undefined ? [] : [{ field, problem: flaw }];
  });
}

/** What may stand in braces in a header or a parameter. */
function placeholderFlaws(data: ProviderData): readonly Flaw[] {
  const always = [...Object.keys(data.connectionFields), ...Object.keys(data.appSettings), 'clientId'];
  const credential =
    'credentials' in data ? data.credentials.fields.map(({ id }) => id) : ['accessToken', 'clientSecret'];
  const check = (field: string, values: Readonly<Record<string, string>>, more: readonly string[]) =>
    Object.entries(values).flatMap(([name, value]) => {
      const known = new Set([...always, ...more]);
      const unknown = [...value.matchAll(/\{([a-z]\w*)\}/gi)].find(([, one = '']) => !known.has(one));
      return unknown ? [{ field: `${field}.${name}`, problem: `has the unknown ${unknown[0]}` }] : [];
    });
  const profile = 'profile' in data ? data.profile : undefined;
  return [
    ...check('headers', data.headers, []),
    ...check('api.headers', data.api?.headers ?? {}, []),
    ...check('profile.headers', profile?.headers ?? {}, [...credential, 'accountId']),
    ...check('profile.query', profile?.query ?? {}, [...credential, 'accountId']),
    ...(data.kind === 'oauth2'
      ? [
          ...check('authorizationParameters', data.authorizationParameters, []),
          ...check('tokenParameters', data.tokenParameters, []),
          ...check('refreshParameters', data.refreshParameters, []),
          ...check('revocation.parameters', data.revocation?.parameters ?? {}, ['token', 'clientSecret']),
          ...check('revocation.headers', data.revocation?.headers ?? {}, ['token']),
        ]
      : []),
  ];
}

function settingFlaws(data: ProviderData): readonly Flaw[] {
  const both = { connectionFields: data.connectionFields, appSettings: data.appSettings };
  return Object.entries(both).flatMap(([group, fields]) =>
    Object.entries(fields).flatMap(([name, field]) => {
      const { default: usual, pattern } = field;
      // An app setting may be absent by an empty default.
      const fits =
        usual === undefined || usual === '' || pattern === undefined || new RegExp(pattern).test(usual);
      if (!fits) return [{ field: `${group}.${name}.default`, problem: 'does not fit its own pattern' }];
      const twice = group === 'appSettings' && Object.hasOwn(data.connectionFields, name);
      return twice ? [{ field: `${group}.${name}`, problem: 'is a connection field, too' }] : [];
    }),
  );
}

function oauthFlaws(data: OAuth2Data, withCode: boolean): readonly Flaw[] {
  const { scopes, refresh, endpoints, discovery, accounts, revocation } = data;
  const flaws: (Flaw | undefined)[] = [
    (endpoints === undefined) === (discovery === undefined)
      ? { field: 'endpoints', problem: 'or discovery must be given, and not both' }
      : undefined,
    // One connection's refresh would end the token that its siblings hold.
    accounts === 'several' && refresh.kind === 'rotating'
      ? { field: 'accounts', problem: 'cannot be several where they would share a rotating refresh token' }
      : undefined,
    revocation && endpoints && endpoints.revocation === undefined && !withCode
      ? { field: 'revocation', problem: 'needs its endpoint, endpoints.revocation' }
      : undefined,
    data.idTokenAccount && !data.idToken
      ? { field: 'idTokenAccount', problem: 'needs idToken: true' }
      : undefined,
    data.profile || data.tokenAccount || data.idTokenAccount || withCode
      ? undefined
      : { field: 'profile', problem: ', tokenAccount or idTokenAccount must say where the account stands' },
    refresh.margin.atLeastSeconds > refresh.margin.atMostSeconds
      ? { field: 'refresh.margin', problem: 'has a least that is above its most' }
      : undefined,
    ...(['default', 'required'] as const).map((list) => {
      const unknown = scopes.open ? undefined : scopes[list].find((one) => !Object.hasOwn(scopes.known, one));
      return unknown === undefined
        ? undefined
        : { field: `scopes.${list}`, problem: `names "${unknown}", which is not among the known ones` };
    }),
  ];
  return flaws.filter((flaw) => flaw !== undefined);
}
