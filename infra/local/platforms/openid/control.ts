/** Carries control commands out on the OpenID sandbox, and says which of them a server of this kind cannot follow. */
import type { CallLog } from '../../sandbox/call-log.ts';
import type { ControlCommand, ControlResult } from '../../sandbox/control/control.ts';
import type { FaultQueue } from '../../sandbox/control/faults.ts';
import type { GrantFilter } from '../../sandbox/grants.ts';
import type { SandboxClient } from '../../sandbox/sandbox-client.ts';
import { accounts, defaultLifetimes, type OpenIdLifetimes } from './provider.ts';
import type { OpenIdStorage, OwnerFilter } from './storage.ts';

export interface OpenIdControlDeps {
  readonly storage: OpenIdStorage;
  readonly faults: FaultQueue;
  readonly log: CallLog;
  readonly addClient: (client: SandboxClient) => void;
}

/** Starts with the server's own lifetimes. */
export function openControl({ storage, faults, log, addClient }: OpenIdControlDeps) {
  let lifetimes: OpenIdLifetimes = defaultLifetimes;

  function control(command: ControlCommand): ControlResult {
    switch (command.command) {
      case 'expire_access_tokens':
        return done(storage.expire('AccessToken', ownersIn(command)));
      case 'expire_refresh_tokens':
        return done(storage.expire('RefreshToken', ownersIn(command)));
      case 'kill_grants':
        return done(storage.end(ownersIn(command)));
      case 'set_lifetimes': {
        const { command: _, refreshTokenSeconds, ...changes } = command;
        if (refreshTokenSeconds === null) return refused('Refresh tokens of this server always have an end.');
        lifetimes = {
          ...lifetimes,
          ...changes,
          ...(refreshTokenSeconds !== undefined && { refreshTokenSeconds }),
        };
        return done(1);
      }
      case 'set_modes':
        return refused('This server follows the standard and has no switches.');
      case 'inject':
        faults.add(command);
        return done(1);
      case 'clear_faults':
        return done(faults.clear());
      case 'reset_calls':
        log.reset();
        return done(1);
      case 'add_client':
        addClient(command.client);
        return done(1);
      case 'webhook':
      case 'send_webhook':
        return refused('This server sends no webhooks.');
    }
  }

  return { control, lifetimes: () => lifetimes };
}

/** Commands name an account by its key on the consent page or by its subject. */
function ownersIn({ account, clientId }: GrantFilter): OwnerFilter {
  return { subject: accounts.find(({ key }) => key === account)?.subject ?? account, clientId };
}

function done(affected: number): ControlResult {
  return { ok: true, affected };
}

function refused(error: string): ControlResult {
  return { ok: false, error };
}
