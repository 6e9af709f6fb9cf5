/** API keys as their users enter them: read by the definition's patterns, and proven by the call that names the account. */
import { jsonObject, jsonValue } from '../../json.ts';
import { classifyFailure } from '../../oauth/outcome.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { DataOf } from '../definition/provider-data.ts';
import type { Probe } from '../provider.ts';
import { fillUrl, type Values } from './fill.ts';
import type { CredentialsAccess, ProfileOutcome } from './platform-adapter.ts';
import { profileRequest } from './profile-request.ts';
import { readProfile } from './read-profile.ts';

type Data = DataOf<'api_key'>;

export function keyProbe(data: Data): Probe {
  return {
    everySeconds: data.credentials.probeEverySeconds,
    read: (input) => readKey(data, input),
    urlAt: (values) => fillUrl(data, data.profile.url ?? '', values),
    look: (secret, platform) => lookWithKey(data, secret, platform),
  };
}

/** The fields as one sealed JSON text; a single field too, so that a second one can be added later. */
function readKey({ credentials }: Data, input: Values): ReturnType<Probe['read']> {
  const known = new Set(credentials.fields.map(({ id }) => id));
  const wrong = credentials.fields.filter(({ id, required, pattern = '^[\\x21-\\x7e]+$' }) => {
    const value = input[id] ?? '';
    return value === '' ? required : value.length > 4_096 || !new RegExp(pattern).test(value);
  });
  const unknown = Object.keys(input).filter((id) => !known.has(id));
  const fields = [...wrong.map(({ id }) => id), ...unknown];
  return fields.length > 0
    ? { kind: 'malformed', fields }
    : { kind: 'credentials', secret: new Secret(JSON.stringify(input)) };
}

async function lookWithKey(
  data: Data,
  secret: Secret,
  { url, settings, http, now }: CredentialsAccess,
): Promise<ProfileOutcome> {
  const entered = jsonObject(secret.reveal()) ?? {};
  const fields = Object.entries(entered).filter(
    (field): field is [string, string] => typeof field[1] === 'string',
  );
  const values = { ...settings, ...Object.fromEntries(fields) };
  const answer = await http(profileRequest(data, { url, values }));
  if (answer.kind === 'answered' && answer.status < 300) {
    const reading = readProfile(data, jsonValue(answer.body));
    if (reading.kind === 'accounts') return reading;
  }
  const failure = classifyFailure(answer, data.errors.meanings, now());
  // At a resource, 401 speaks of the key and not of an app.
  return answer.kind === 'answered' && answer.status === 401
    ? { kind: 'reconnect_required', reason: failure.reason }
    : failure;
}
