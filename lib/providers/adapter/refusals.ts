/** Tells refusals from successes as a provider's data describes them. */
import { at, readAlternatives } from '../../oauth/json-path.ts';
import type { RefusalReader } from '../../oauth/refusal/refusal.ts';
import { standardRefusal } from '../../oauth/refusal/standard-refusal.ts';
import type { ProviderData } from '../definition/provider-data.ts';

/** For platforms whose codes stand elsewhere than RFC 6749 says. */
export function refusalReaderOf({ errors }: ProviderData): RefusalReader | undefined {
  if (errors.codes === 'error|error.code') return undefined;
  return (body) => ({ codes: [...readAlternatives(body, errors.codes), ...standardRefusal(body).codes] });
}

/** Whether an answer is a success, for platforms that refuse under status 200; one that does not say is. */
export function successOf({ errors: { success } }: ProviderData): ((body: unknown) => boolean) | undefined {
  if (success === undefined) return undefined;
  return (body) => {
    const said = success.path.split('|').map((path) => at(body, path));
    const found = said.find((value) => value !== undefined);
    return found === undefined || found === success.is;
  };
}
