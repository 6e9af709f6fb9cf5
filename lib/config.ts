/**
 * The one place that reads the environment. It lists the settings that each function needs, and the stack builds each
 * function's environment from the same lists, so a variable that the stack forgets fails the type check.
 */
import * as z from 'zod/mini';

const origin = z.string().check(z.regex(/^https?:\/\/[^/?#\s]+$/));
const origins = z.record(origin, origin);

const settings = {
  /** DynamoDB table of records that must not be lost: connections, tenants, keys, provider apps. */
  connectionsTable: { variable: 'CONNECTIONS_TABLE', schema: z.string().check(z.minLength(3)) },
  /** DynamoDB table of records that expire: flows, leases, idempotency claims. */
  activityTable: { variable: 'ACTIVITY_TABLE', schema: z.string().check(z.minLength(3)) },
  /** Id or ARN of the KMS key that wraps tenant keys. */
  vaultKeyId: { variable: 'VAULT_KEY_ID', schema: z.string().check(z.minLength(1)) },
  /** Where browsers and platforms reach the API: scheme and host, no trailing slash. */
  publicUrl: { variable: 'PUBLIC_URL', schema: z.string().check(z.regex(/^https?:\/\/[^/?#\s]+$/)) },
  /** Secrets Manager id of the secret that signs `state`: `{ current, previous }`. */
  stateSecretId: { variable: 'STATE_SECRET_ID', schema: z.string().check(z.minLength(1)) },
  /** Secrets Manager id of the Ed25519 private key that signs session tokens. */
  sessionKeySecretId: { variable: 'SESSION_KEY_SECRET_ID', schema: z.string().check(z.minLength(1)) },
  /** Queue of outbound events. */
  eventsQueueUrl: { variable: 'EVENTS_QUEUE_URL', schema: z.url() },
  /** Queue of due connections. */
  refreshQueueUrl: { variable: 'REFRESH_QUEUE_URL', schema: z.url() },
  /** Queue of refreshed credentials that could not be stored. */
  rescueQueueUrl: { variable: 'RESCUE_QUEUE_URL', schema: z.url() },
  /** Queue of long-running jobs: disconnecting all of a user's or a tenant's connections. */
  jobsQueueUrl: { variable: 'JOBS_QUEUE_URL', schema: z.url() },
  /** Queue of verified webhook events. */
  incomingQueueUrl: { variable: 'INCOMING_QUEUE_URL', schema: z.url() },
  /** Queue of events on their way to one destination each. */
  deliveriesQueueUrl: { variable: 'DELIVERIES_QUEUE_URL', schema: z.url() },
  /** Dead-letter queue of the deliveries queue; the worker sends deliveries there that it gives up. */
  deliveriesDeadLettersUrl: { variable: 'DELIVERIES_DEAD_LETTERS_URL', schema: z.url() },
  /** ARNs of the dead-letter queues, by which the function that files dead letters tells them apart. */
  incomingDeadLettersArn: { variable: 'INCOMING_DEAD_LETTERS_ARN', schema: z.string().check(z.minLength(1)) },
  eventsDeadLettersArn: { variable: 'EVENTS_DEAD_LETTERS_ARN', schema: z.string().check(z.minLength(1)) },
  deliveriesDeadLettersArn: {
    variable: 'DELIVERIES_DEAD_LETTERS_ARN',
    schema: z.string().check(z.minLength(1)),
  },
  /** Prefix of the Secrets Manager ids of provider apps' secrets; the rest is the app's id. */
  appSecretPrefix: { variable: 'APP_SECRET_PREFIX', schema: z.string().check(z.minLength(1)) },

  proactiveRefresh: { variable: 'PROACTIVE_REFRESH', schema: z.enum(['policy', 'all']), absent: 'policy' },
  /** Replacements for platforms' own origins: `{"https://open.tiktokapis.com":"http://127.0.0.1:…"}`. */
  platformOrigins: { variable: 'PLATFORM_ORIGINS', schema: json(origins), absent: '{}' },
  /** Exact origins for which plain http and loopback addresses are accepted. The stack never sets it. */
  insecureOrigins: { variable: 'INSECURE_ORIGINS', schema: json(z.array(z.string())), absent: '[]' },
} as const;

export type SettingName = keyof typeof settings;
type Settings = { readonly [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> };

/** The settings of every function that opens credentials and may call a platform. */
const connectionUse = [
  'connectionsTable',
  'activityTable',
  'vaultKeyId',
  'eventsQueueUrl',
  'rescueQueueUrl',
  'platformOrigins',
  'insecureOrigins',
] as const;

/** The settings of each function, by name; absent ones have a default and are optional in the environment. */
export const functionSettings = {
  sessions: ['connectionsTable', 'publicUrl', 'sessionKeySecretId', 'insecureOrigins'],
  connect: [...connectionUse, 'publicUrl'],
  start: ['activityTable', 'publicUrl', 'stateSecretId', 'platformOrigins'],
  callback: [...connectionUse, 'publicUrl', 'stateSecretId'],
  complete: [...connectionUse, 'publicUrl'],
  status: ['connectionsTable', 'publicUrl'],
  providers: ['connectionsTable', 'publicUrl'],
  token: [...connectionUse, 'publicUrl'],
  refresh: [...connectionUse, 'publicUrl'],
  disconnect: [...connectionUse, 'publicUrl'],
  health: ['publicUrl'],
  users: ['connectionsTable', 'jobsQueueUrl', 'publicUrl'],
  'refresh-due': ['connectionsTable', 'activityTable', 'refreshQueueUrl', 'jobsQueueUrl'],
  'refresh-connection': [...connectionUse, 'proactiveRefresh'],
  'rescue-credentials': ['connectionsTable', 'eventsQueueUrl'],
  webhook: ['incomingQueueUrl', 'appSecretPrefix'],
  'platform-callback': ['activityTable', 'incomingQueueUrl', 'appSecretPrefix', 'publicUrl'],
  'data-deletion-status': ['activityTable'],
  'process-event': [
    'connectionsTable',
    'activityTable',
    'eventsQueueUrl',
    'incomingQueueUrl',
    'refreshQueueUrl',
  ],
  'file-failures': [
    'connectionsTable',
    'activityTable',
    'incomingDeadLettersArn',
    'eventsDeadLettersArn',
    'deliveriesDeadLettersArn',
  ],
  failures: ['connectionsTable', 'activityTable', 'publicUrl'],
  'replay-failure': [
    'connectionsTable',
    'activityTable',
    'incomingQueueUrl',
    'eventsQueueUrl',
    'deliveriesQueueUrl',
    'publicUrl',
  ],
  'fan-out-events': ['connectionsTable', 'incomingQueueUrl', 'deliveriesQueueUrl'],
  deliver: [
    'connectionsTable',
    'vaultKeyId',
    'eventsQueueUrl',
    'deliveriesQueueUrl',
    'deliveriesDeadLettersUrl',
    'insecureOrigins',
  ],
  'run-job': ['connectionsTable', 'refreshQueueUrl'],
} as const satisfies Record<string, readonly SettingName[]>;

export type FunctionName = keyof typeof functionSettings;
export type FunctionSettings<Name extends FunctionName> = Pick<
  Settings,
  (typeof functionSettings)[Name][number]
>;
/** A subset of the settings, for code that several functions share. */
export type SettingsOf<Name extends SettingName> = Pick<Settings, Name>;

/**
 * The settings of one function, read once per cold start.
 * @throws Error naming the variable (never its value) when one is missing or malformed.
 */
export function readSettings<Name extends FunctionName>(
  name: Name,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): FunctionSettings<Name> {
  const names: readonly SettingName[] = functionSettings[name];
  return Object.freeze(
    Object.fromEntries(names.map((setting) => [setting, readSetting(setting, environment)])),
  ) as FunctionSettings<Name>;
}

/** The environment variable that carries a setting. */
export function variableOf(setting: SettingName): string {
  return settings[setting].variable;
}

/** Whether a setting may be left out of the environment. */
export function isOptional(setting: SettingName): boolean {
  return 'absent' in settings[setting];
}

function readSetting(name: SettingName, environment: Readonly<Record<string, string | undefined>>): unknown {
  const setting = settings[name];
  const parsed = setting.schema.safeParse(
    environment[setting.variable] ?? ('absent' in setting ? setting.absent : undefined),
  );
  if (!parsed.success) {
    throw new Error(`Environment variable ${setting.variable} is missing or malformed.`);
  }
  return parsed.data;
}

function json<Schema extends z.ZodMiniType>(schema: Schema) {
  return z.pipe(
    z.pipe(
      z.string(),
      z.transform((text, context): unknown => {
        try {
          return JSON.parse(text);
        } catch {
          context.issues.push({ code: 'custom', message: 'not JSON', input: text });
          return z.NEVER;
        }
      }),
    ),
    schema,
  );
}
