/**
 * No variable may name a foreign host: every value that a user may enter leaves the URL within the platform's own
 * domain. What operators set for their app may name a whole host, because they could name any platform as well.
 */
import { tailsOf } from './pattern.ts';
import type { ProviderData } from './provider-data.ts';

/** A registrable name at the end of a host: `name.tld`, and one label more under `co.uk` and its like. */
const registrable =
  /(?:^|\.)(?!(?:co|com|org|net|ac|gov|edu)\.[a-z]{2}$)[a-z0-9-]+\.(?:(?:co|com|org|net|ac|gov|edu)\.[a-z]{2}|[a-z]{2,})$/;

/** What is wrong with the host of a URL template, or nothing. */
export function hostFlaw(
  data: Pick<ProviderData, 'connectionFields' | 'appSettings'>,
  url: string,
): string | undefined {
  const host = hostOf(url);
  const settings = new Set(Object.keys(data.appSettings));
  const names = [...host.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  if (names.every((name) => settings.has(name))) {
    return names.length > 0 || isPlainHost(host) ? undefined : 'has no host of a name and a domain';
  }
  const tails = tailsOf(host.toLowerCase(), (lowered) => {
    const name = names.find((one) => one.toLowerCase() === lowered) ?? '';
    return data.connectionFields[name]?.pattern ?? data.appSettings[name]?.pattern;
  });
  const foreign = tails.some(({ text, open }) => !registrable.test(text) || (open && !hasBoundary(text)));
  return foreign
    ? "lets a variable name a foreign host: its pattern must end in the platform's own domain"
    : undefined;
}

/** The host of a URL template, without its port. */
export function hostOf(url: string): string {
  return /^https:\/\/([^/?:]+)/.exec(url)?.[1] ?? '';
}

/** After an unknown prefix, a domain is delimited only by a dot. */
function hasBoundary(text: string): boolean {
  const [, ...labels] = text.split('.');
  return registrable.test(labels.join('.'));
}

function isPlainHost(host: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/i.test(host);
}
