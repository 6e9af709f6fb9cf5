/** Makes a provider of its data and, for built-in platforms, of the code beside it. */
import type { ProviderId } from '../ids.ts';
import type { RefusalReader } from '../oauth/refusal/refusal.ts';
import { keyProbe } from './adapter/api-key.ts';
import { fillUrl } from './adapter/fill.ts';
import { refusalReaderOf } from './adapter/refusals.ts';
import { customWebhookOf } from './custom-webhook.ts';
import { describeFlaws, parseProviderData } from './definition/parse.ts';
import type { DataOf, OAuth2Data, ProviderData, ProviderInput } from './definition/provider-data.ts';
import type {
  Consent,
  ConsentProvider,
  OAuthCode,
  OptionalSetting,
  ProbedProvider,
  Provider,
  RevocationPolicy,
  SessionCode,
} from './provider.ts';

const usualConcurrency = 5;

type Input<Kind> = Extract<ProviderInput, { readonly kind: Kind }>;

/**
 * A built-in platform: its data, checked, and its code.
 * @throws Error naming the fields that are wrong, so that a wrong definition fails when it is loaded.
 */
export function definePlatform(platform: { readonly data: Input<'oauth2'> } & OAuthCode): ConsentProvider;
export function definePlatform(platform: { readonly data: Input<'session'> } & SessionCode): ProbedProvider;
export function definePlatform(
  platform:
    | ({ readonly data: Input<'oauth2'> } & OAuthCode)
    | ({ readonly data: Input<'session'> } & SessionCode),
): Provider {
  const { data: input, ...code } = platform;
  const reading = parseProviderData(input, true);
  if (reading.kind === 'flawed') {
    throw new Error(`Provider definition "${input.id}": ${describeFlaws(reading.flaws)}.`);
  }
  const { data } = reading;
  if (data.kind === 'session' && 'look' in code) return sessionProvider(data, code);
  if (data.kind === 'oauth2' && !('look' in code)) return consentProvider(data, code);
  throw new Error(`Provider definition "${input.id}": its code is of another kind.`);
}

/**
 * A provider of data alone, such as a catalogue entry or a tenant's own.
 * @returns nothing for a kind that data alone cannot carry.
 */
export function providerOf(data: ProviderData): Provider | undefined {
  if (data.kind === 'oauth2') return consentProvider(data, {});
  if (data.kind === 'api_key') {
    return {
      ...commonOf(data, 1),
      probe: keyProbe(data),
      credentialFields: data.credentials.fields,
    };
  }
  return undefined;
}

function consentProvider(data: OAuth2Data, code: OAuthCode): ConsentProvider {
  const { scopes, refresh } = data;
  const consent: Consent = {
    scopes: {
      available: scopes.known,
      default: scopes.default,
      required: scopes.required,
      open: scopes.open,
    },
    pkce: data.pkce,
    idToken: data.idToken,
    accounts: data.accounts,
    ...(refresh.assumedLifetimeSeconds !== undefined && {
      assumedLifetimeSeconds: refresh.assumedLifetimeSeconds,
    }),
  };
  const revocation = revocationOf(data);
  return {
    ...commonOf(data, usualConcurrency, code),
    ...(code.webhook && { webhook: code.webhook }),
    ...(code.describeWebhook && { describeWebhook: code.describeWebhook }),
    data,
    code,
    consent,
    ...(refresh.kind !== 'none' && { refresh }),
    ...(revocation && { revocation }),
  };
}

/** Servers may end the whole grant with one token (RFC 7009 section 2.1), so that is what is presumed of them. */
function revocationOf({ endpoints, discovery, revocation }: OAuth2Data): RevocationPolicy | undefined {
  const offered = revocation !== undefined || endpoints?.revocation !== undefined || discovery !== undefined;
  if (!offered) return undefined;
  return { reach: revocation?.reach ?? 'grant', token: revocation?.token ?? 'refresh_token' };
}

function sessionProvider(data: DataOf<'session'>, code: SessionCode): ProbedProvider {
  const { fields, probeEverySeconds } = data.credentials;
  return {
    ...commonOf(data, 1, code),
    credentialFields: fields,
    probe: {
      everySeconds: probeEverySeconds,
      urlAt: (values) => fillUrl(data, data.probeUrl, values),
      read: code.read,
      look: code.look,
    },
  };
}

function commonOf(
  data: ProviderData,
  concurrency: number,
  code: { readonly readRefusal?: RefusalReader } = {},
) {
  const readRefusal = code.readRefusal ?? refusalReaderOf(data);
  const settings = Object.entries(data.appSettings);
  const isRequired = ([, setting]: (typeof settings)[number]) =>
    setting.required ?? setting.default === undefined;
  return {
    id: data.id as ProviderId,
    name: data.name,
    kind: data.kind,
    data,
    errors: data.errors.meanings,
    ...(readRefusal && { readRefusal }),
    appSettings: Object.fromEntries(
      settings.filter(isRequired).map(([name, { meaning }]) => [name, meaning]),
    ),
    optionalSettings: Object.fromEntries(
      settings
        .filter((setting) => !isRequired(setting))
        .map(([name, { meaning, default: usual = '', pattern = '^.*$' }]): [string, OptionalSetting] => [
          name,
          { meaning, default: usual, pattern: new RegExp(pattern) },
        ]),
    ),
    concurrency: data.concurrency ?? concurrency,
    credentialFields: [],
    ...(data.webhook && { webhook: customWebhookOf(data.webhook) }),
  };
}
