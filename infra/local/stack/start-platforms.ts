/** The sandbox platforms of the local stack, each with Hawser's shared app registered there, where a platform knows apps. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operator } from '../../../lib/admin/operator.ts';
import { builtIn } from '../../../lib/platforms/built-in.ts';
import type { ConsentProvider } from '../../../lib/providers/provider.ts';
import { startInstagram } from '../platforms/instagram/instagram.ts';
import { startInstagramFacebook } from '../platforms/instagram-facebook/instagram-facebook.ts';
import { startOnlyFans } from '../platforms/onlyfans/onlyfans.ts';
import { startOpenId } from '../platforms/openid/openid.ts';
import { startReddit } from '../platforms/reddit/reddit.ts';
import { startTikTok } from '../platforms/tiktok/tiktok.ts';
import { type GeneratedSandbox, startGeneratedPlatform } from '../sandbox/generated/generated-platform.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';
import { exampleValues, isPlain } from './plain-provider.ts';

/** How to start a sandbox, and what Hawser must know of it. */
interface PlatformRow {
  readonly start: (options: SandboxOptions) => Promise<Sandbox>;
  /** What stands in the place of the platform's real origins. */
  readonly origins: (sandbox: Sandbox) => Readonly<Record<string, string>>;
  /** What the provider's definition asks the operator for. */
  readonly settings?: (sandbox: Sandbox) => Readonly<Record<string, string>>;
  /** Whether its endpoints are discovered. */
  readonly discovered?: boolean;
  /** Whether its users give credentials, so that there is no client to register. */
  readonly withoutClient?: boolean;
}

/** Platforms with quirks. A plain built-in platform gets its sandbox from its data, without a row. */
const rows = {
  tiktok: {
    start: startTikTok,
    origins: ({ origin, apiOrigin }) => ({
      'https://www.tiktok.com': origin,
      'https://open.tiktokapis.com': apiOrigin,
    }),
  },
  reddit: {
    start: startReddit,
    origins: ({ origin, apiOrigin }) => ({
      'https://www.reddit.com': origin,
      'https://oauth.reddit.com': apiOrigin,
    }),
    settings: () => ({ userAgent: 'web:local.hawser.sandbox:v1.0.0 (by /u/hawser)' }),
  },
  instagram: {
    start: startInstagram,
    origins: ({ origin, apiOrigin }) => ({
      'https://www.instagram.com': origin,
      'https://api.instagram.com': origin,
      'https://graph.instagram.com': apiOrigin,
    }),
  },
  'instagram-facebook': {
    start: startInstagramFacebook,
    origins: ({ origin, apiOrigin }) => ({
      'https://www.facebook.com': origin,
      'https://graph.facebook.com': apiOrigin,
    }),
  },
  onlyfans: {
    start: startOnlyFans,
    origins: ({ origin }) => ({ 'https://onlyfans.com': origin }),
    settings: ({ origin }) => ({ signerUrl: `${origin}/signer` }),
    withoutClient: true,
  },
  openid: { start: startOpenId, origins: () => ({}), discovered: true },
} as const satisfies Record<string, PlatformRow>;

export type PlatformName = keyof typeof rows;
/** By the ids of the platforms; those with quirks are known by name. */
type Sandboxes = Readonly<Record<PlatformName, Sandbox>> & Readonly<Record<string, Sandbox>>;

export interface Platforms {
  readonly sandboxes: Sandboxes;
  /** Every origin of every sandbox. */
  readonly origins: readonly string[];
  /** What `PLATFORM_ORIGINS` must say. */
  readonly platformOrigins: Readonly<Record<string, string>>;
  /** Registers Hawser's app at each platform, and each platform at Hawser. */
  register(apiUrl: string, operator: Operator): Promise<void>;
  close(): Promise<void>;
}

export async function startPlatforms(options: {
  readonly folder?: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly now: () => number;
}): Promise<Platforms> {
  const { folder, ports, now } = options;
  const deps = new AsyncDisposableStack();
  try {
    const allRows = await platformRows();
    const started = await Promise.all(
      Object.entries(allRows).map(async ([name, row]): Promise<[string, Sandbox]> => {
        const sandbox = await row.start({
          clients: [],
          port: ports[name] ?? 0,
          apiPort: ports[`${name}-api`] ?? 0,
          ...(folder !== undefined && { stateFile: join(folder, `${name}.json`) }),
          now,
        });
        deps.defer(() => sandbox.close());
        return [name, sandbox];
      }),
    );
    const sandboxes = Object.fromEntries(started) as Sandboxes;
    return {
      sandboxes,
      origins: [...new Set(started.flatMap(([, sandbox]) => originsOf(sandbox)))],
      platformOrigins: Object.assign(
        {},
        ...started.map(([name, sandbox]) => allRows[name]?.origins(sandbox)),
      ),
      register: async (apiUrl, operator) => {
        for (const [name, sandbox] of started) {
          const row = allRows[name];
          if (row) await register({ name, row, sandbox, folder }, apiUrl, operator);
        }
      },
      close: () => deps.disposeAsync(),
    };
  } catch (error) {
    await deps.disposeAsync();
    throw error;
  }
}

/** A row for each built-in platform. */
async function platformRows(): Promise<Readonly<Record<string, PlatformRow>>> {
  const all: Record<string, PlatformRow> = { ...rows };
  for (const [id, load] of Object.entries(builtIn)) {
    if (id in all) continue;
    const provider = await load();
    if (!isPlain(provider)) throw new Error(`The platform "${id}" has code, so it needs a sandbox row.`);
    all[id] = generatedRow(provider);
  }
  return all;
}

function generatedRow(provider: ConsentProvider): PlatformRow {
  const generated = new WeakMap<Sandbox, GeneratedSandbox>();
  return {
    async start(options) {
      const sandbox = await startGeneratedPlatform(provider.data, options);
      generated.set(sandbox, sandbox);
      return sandbox;
    },
    origins: (sandbox) => generated.get(sandbox)?.originsWith(exampleValues(provider)) ?? {},
    settings: () => {
      const values = exampleValues(provider);
      return Object.fromEntries(Object.keys(provider.appSettings).map((name) => [name, values[name] ?? '']));
    },
  };
}

function originsOf({ origin, apiOrigin, furtherOrigins = {} }: Sandbox): readonly string[] {
  return [origin, apiOrigin, ...Object.values(furtherOrigins)];
}

interface StartedPlatform {
  readonly name: string;
  readonly row: PlatformRow;
  readonly sandbox: Sandbox;
  readonly folder: string | undefined;
}

async function register(
  { name, row, sandbox, folder }: StartedPlatform,
  apiUrl: string,
  operator: Operator,
): Promise<void> {
  const settings = row.settings?.(sandbox) ?? {};
  if (row.withoutClient) {
    await operator.setApp({ provider: name, settings });
    return;
  }
  const clientId = `hawser-${name}`;
  const clientSecret = secretOf(name, folder);
  sandbox.addClient({ clientId, clientSecret, redirectUris: [`${apiUrl}/integrations/callback/${name}`] });
  const verifyToken = `s4ndb0x-verify-${randomBytes(24).toString('base64url')}`;
  await operator.setApp({
    provider: name,
    clientId,
    clientSecret,
    settings,
    ...(row.discovered && { issuer: sandbox.origin }),
    ...(sandbox.webhooks && { verifyToken }),
  });
  if (sandbox.webhooks) {
    sandbox.control({
      command: 'webhook',
      clientId,
      url: `${apiUrl}/integrations/webhook/${name}`,
      verifyToken,
    });
  }
}

/** A client secret that stays the same across restarts. It carries the marker by which a leak would be found. */
function secretOf(name: string, folder: string | undefined): string {
  const fresh = () => `s4ndb0x-${name}-${randomBytes(24).toString('base64url')}`;
  if (folder === undefined) return fresh();
  const file = join(folder, `${name}.secret`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(folder, { recursive: true });
  const secret = fresh();
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}
