/** The sandbox platforms of the local stack, each with Hawser's shared app registered there, where a platform knows apps. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operator } from '../../../lib/admin/operator.ts';
import { startInstagram } from '../platforms/instagram/instagram.ts';
import { startInstagramFacebook } from '../platforms/instagram-facebook/instagram-facebook.ts';
import { startOnlyFans } from '../platforms/onlyfans/onlyfans.ts';
import { startOpenId } from '../platforms/openid/openid.ts';
import { startReddit } from '../platforms/reddit/reddit.ts';
import { startTikTok } from '../platforms/tiktok/tiktok.ts';
import type { Sandbox, SandboxOptions } from '../sandbox/sandbox.ts';

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
const names = Object.keys(rows) as PlatformName[];

export interface Platforms {
  readonly sandboxes: Readonly<Record<PlatformName, Sandbox>>;
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
    const started = await Promise.all(
      names.map(async (name): Promise<[PlatformName, Sandbox]> => {
        const sandbox = await rows[name].start({
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
    const sandboxes = Object.fromEntries(started) as Record<PlatformName, Sandbox>;
    return {
      sandboxes,
      origins: [...new Set(started.flatMap(([, sandbox]) => [sandbox.origin, sandbox.apiOrigin]))],
      platformOrigins: Object.assign({}, ...started.map(([name, sandbox]) => rows[name].origins(sandbox))),
      register: (apiUrl, operator) => register(sandboxes, apiUrl, operator, folder),
      close: () => deps.disposeAsync(),
    };
  } catch (error) {
    await deps.disposeAsync();
    throw error;
  }
}

async function register(
  sandboxes: Readonly<Record<PlatformName, Sandbox>>,
  apiUrl: string,
  operator: Operator,
  folder: string | undefined,
): Promise<void> {
  for (const name of names) {
    const row: PlatformRow = rows[name];
    const sandbox = sandboxes[name];
    const settings = row.settings?.(sandbox) ?? {};
    if (row.withoutClient) {
      await operator.setApp({ provider: name, settings });
      continue;
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
}

/** A client secret that stays the same across restarts. It carries the marker by which a leak would be found. */
function secretOf(name: PlatformName, folder: string | undefined): string {
  const fresh = () => `s4ndb0x-${name}-${randomBytes(24).toString('base64url')}`;
  if (folder === undefined) return fresh();
  const file = join(folder, `${name}.secret`);
  if (existsSync(file)) return readFileSync(file, 'utf8');
  mkdirSync(folder, { recursive: true });
  const secret = fresh();
  writeFileSync(file, secret, { mode: 0o600 });
  return secret;
}
