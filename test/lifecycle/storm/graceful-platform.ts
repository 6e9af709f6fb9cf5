/**
 * TikTok as it would be with a grace period: a rotated refresh token keeps working for a while and returns the same
 * successor again. All other behaviour is the sandbox's.
 */

import { tiktok } from '../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Call, Dialect, Reply, Route } from '../../../infra/local/sandbox/dialect.ts';
import { formOf } from '../../../infra/local/sandbox/reply.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../infra/local/sandbox/sandbox.ts';

type Modes = typeof tiktok extends Dialect<infer M> ? M : never;

/** @param graceSeconds reads how long a rotated token keeps working; 0 for not at all. */
export function startGracefulPlatform(options: SandboxOptions, graceSeconds: () => number): Promise<Sandbox> {
  return startSandbox(graceful(options.now, graceSeconds), options);
}

function graceful(now: () => number, graceSeconds: () => number): Dialect<Modes> {
  return {
    ...tiktok,
    routes(platform) {
      const strict = tiktok.routes(platform);
      const keeping = tiktok.routes({
        ...platform,
        modes: () => ({ ...platform.modes(), rotation: 'fixed' as const }),
      });
      const successors = new Map<string, { readonly token: string; readonly until: number }>();

      const handle = (call: Call): Reply => {
        const presented = formOf(call)?.get('refresh_token') ?? '';
        const successor = successors.get(presented);
        if (successor && successor.until > now()) {
          return tokenRoute(keeping).handle(withRefreshToken(call, successor.token));
        }
        const reply = tokenRoute(strict).handle(call);
        const given = reply.body.kind === 'json' ? reply.body.value['refresh_token'] : undefined;
        if (presented !== '' && typeof given === 'string') {
          successors.set(presented, { token: given, until: now() + graceSeconds() * 1_000 });
        }
        return reply;
      };
      return strict.map((route) => (route.endpoint === 'token' ? { ...route, handle } : route));
    },
  };
}

function tokenRoute(routes: readonly Route[]): Route {
  const route = routes.find(({ endpoint }) => endpoint === 'token');
  if (!route) throw new Error('The platform has no token endpoint.');
  return route;
}

function withRefreshToken(call: Call, token: string): Call {
  const form = new URLSearchParams(call.body);
  form.set('refresh_token', token);
  return { ...call, body: form.toString() };
}
