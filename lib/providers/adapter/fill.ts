/** Puts values in the place of `{names}`: into URLs, headers, parameters and bodies. */
import type { Endpoints } from '../../oauth/server.ts';
import { hostOf } from '../definition/hosts.ts';
import type { ProviderData } from '../definition/provider-data.ts';

export type Values = Readonly<Record<string, string>>;

/** A template with the values that are known; other braces are text, such as those of a GraphQL query. */
export function fillText(template: string, values: Values, encode = (value: string) => value): string {
  return template.replace(/\{([A-Za-z]\w*)\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? whole : encode(value);
  });
}

/** The same for every value of a record. */
export function fillRecord(record: Values, values: Values): Values {
  return Object.fromEntries(Object.entries(record).map(([name, text]) => [name, fillText(text, values)]));
}

/**
 * A URL with its variables. Only text that its pattern allows comes in: in a host nothing but a host's characters, and
 * elsewhere nothing that ends its segment.
 * @throws Error naming the variable that is missing or malformed, never its value.
 */
export function fillUrl(
  data: ProviderData,
  template: string,
  values: Values,
  open: readonly string[] = [],
): string {
  const host = hostOf(template);
  return template.replace(/\{(\w+)\}/g, (whole, name: string, offset: number) => {
    if (open.includes(name)) return whole;
    const field = data.connectionFields[name] ?? data.appSettings[name];
    const value = values[name] ?? field?.default;
    const fits =
      value !== undefined && (field?.pattern === undefined || new RegExp(field.pattern).test(value));
    const inHost = offset < 'https://'.length + host.length;
    if (!fits || (inHost && !/^[a-z0-9.-]+(?::\d{1,5})?$/i.test(value)) || /^\.*$/.test(value)) {
      throw new Error(
        Object.hasOwn(data.appSettings, name)
          ? `The setting ${name} of the app for "${data.id}" is malformed. Run \`hawser app set\`.`
          : `The connection field ${name} of "${data.id}" is missing or malformed.`,
      );
    }
    return inHost ? value : encodeURIComponent(value);
  });
}

/** Variables that arrive later, with the callback or the token answer, and so may stay open when a flow begins. */
export function laterVariables(data: ProviderData): readonly string[] {
  const later = Object.entries(data.connectionFields).filter(
    ([, { from, default: usual }]) => from && usual === undefined,
  );
  return [...later.map(([name]) => name), 'accountId'];
}

/**
 * A provider's endpoints as full URLs; nothing where they are discovered.
 * @param values the app's settings and the connection's variables; one that is absent has its default.
 */
export function endpointsOf(data: ProviderData, values: Values): Endpoints | undefined {
  if (data.kind !== 'oauth2' || data.endpoints === undefined) return undefined;
  const open = laterVariables(data).filter((name) => !Object.hasOwn(values, name));
  const fill = (url: string) => fillUrl(data, url, values, open);
  const { authorization, token, refresh, revocation, jwks, others } = data.endpoints;
  return {
    authorization: fill(authorization),
    token: fill(token),
    ...(refresh !== undefined && { refresh: fill(refresh) }),
    ...(revocation !== undefined && { revocation: fill(revocation) }),
    ...(jwks !== undefined && { jwks: fill(jwks) }),
    ...(data.profile?.url !== undefined && { profile: fill(data.profile.url) }),
    ...(Object.keys(others).length > 0 && {
      others: Object.fromEntries(Object.entries(others).map(([name, url]) => [name, fill(url)])),
    }),
  };
}

/** Endpoints that were filled before, with variables that have arrived since. */
export function withVariables(data: ProviderData, endpoints: Endpoints, variables: Values): Endpoints {
  const open = laterVariables(data).filter((name) => !Object.hasOwn(variables, name));
  const fill = (url: string) => fillUrl(data, url, variables, open);
  const { others, ...standard } = endpoints;
  const { authorization, token, ...optional } = standard;
  return {
    authorization: fill(authorization),
    token: fill(token),
    ...Object.fromEntries(Object.entries(optional).map(([name, url]) => [name, fill(url)])),
    ...(others && {
      others: Object.fromEntries(Object.entries(others).map(([name, url]) => [name, fill(url)])),
    }),
  };
}
