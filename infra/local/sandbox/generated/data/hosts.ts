/** The hosts of a generated platform: which its data names, and where each of them is on this machine. */
import type { GeneratedPlatformFacts } from './facts.ts';
import { agrees, parseUrlTemplate, patternOf, readTemplate } from './templates.ts';

/** Every host that the data names, the one of the consent page first. Variables stand in them as written. */
export function hostsOf({ endpoints, profile }: GeneratedPlatformFacts): readonly string[] {
  const urls = [
    endpoints?.authorization,
    endpoints?.token,
    endpoints?.refresh,
    endpoints?.revocation,
    endpoints?.jwks,
    profile?.url,
  ];
  return [...new Set(urls.flatMap((url) => (url === undefined ? [] : [parseUrlTemplate(url).host])))];
}

/** Where a URL of the platform leads on this machine, whatever its variables are; undefined for any other host. */
export function urlRewriter(
  facts: GeneratedPlatformFacts,
  origins: ReadonlyMap<string, string>,
): (url: string) => string | undefined {
  // A host without variables is meant where a pattern of another one would fit it, too.
  const hosts = [...origins.keys()].sort((one, other) => variablesIn(one) - variablesIn(other));
  return (url) => {
    const { host, protocol, pathname, search } = new URL(url);
    const found = hosts.find((template) => {
      const captures = readTemplate(template, host);
      return captures !== undefined && agrees(facts, captures, {});
    });
    const origin = found === undefined ? undefined : origins.get(found);
    return protocol === 'https:' && origin !== undefined ? origin + pathname + search : undefined;
  };
}

/** The real origins of one connection, for the configuration that rewrites them. */
export function filledOrigins(
  origins: ReadonlyMap<string, string>,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const fill = (host: string) =>
    host.replace(/\{(\w+)\}/g, (placeholder, name) => variables[name] ?? placeholder);
  return Object.fromEntries(
    [...origins]
      .map(([host, origin]) => [`https://${fill(host)}`, origin] as const)
      .filter(([url]) => !url.includes('{')),
  );
}

/** The paths of a URL of the data; a host that may itself hold a path makes them longer. */
export function pathPatternOf(facts: GeneratedPlatformFacts, url: string): RegExp {
  const { host, path } = parseUrlTemplate(url);
  const longer = Object.entries(facts.connectionFields).some(
    ([name, { pattern }]) => host.includes(`{${name}}`) && pattern.includes('/'),
  );
  const whole = patternOf(path, '[^/]+');
  return longer ? new RegExp(whole.source.replace('^', '^(?:/[^/]+)?'), 'i') : whole;
}

/** Whether the variables in the path of a call fit their patterns. */
export function fitsVariables(facts: GeneratedPlatformFacts, url: string, pathname: string): boolean {
  const captures = pathPatternOf(facts, url).exec(pathname)?.groups ?? {};
  return agrees(facts, captures, {});
}

function variablesIn(host: string): number {
  return host.split('{').length - 1;
}
