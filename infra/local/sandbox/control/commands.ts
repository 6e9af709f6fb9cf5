/** Carries control commands out, and holds the switches and lifetimes that they change. */
import type { CallLog } from '../call-log.ts';
import type { Call, Dialect, Reply } from '../dialect.ts';
import type { Grants, Lifetimes } from '../grants.ts';
import { json } from '../reply.ts';
import type { SandboxClient } from '../sandbox-client.ts';
import type { WebhookSender } from '../webhooks/webhook-sender.ts';
import { type ControlCommand, type ControlResult, parseCommand } from './control.ts';
import type { FaultQueue } from './faults.ts';

export interface Settings<M> {
  readonly modes: () => M;
  readonly lifetimes: () => Lifetimes;
  /** Turns the switches named and leaves the others; changes none when one is unknown. */
  readonly setModes: (changes: Readonly<Record<string, unknown>>) => ControlResult;
  readonly setLifetimes: (changes: Partial<Lifetimes>) => ControlResult;
}

export interface ControlDeps {
  readonly settings: Settings<unknown>;
  readonly grants: Grants;
  readonly faults: FaultQueue;
  readonly log: CallLog;
  readonly addClient: (client: SandboxClient) => void;
  /** Absent where the platform sends no webhooks. */
  readonly webhooks: WebhookSender | undefined;
}

/** Starts with the platform's own defaults. */
export function openSettings<M>(dialect: Dialect<M>): Settings<M> {
  let modes = dialect.modes.parse({});
  let lifetimes = dialect.lifetimes;

  return {
    modes: () => modes,
    lifetimes: () => lifetimes,
    setModes(changes) {
      const changed = dialect.modes.safeParse({ ...modes, ...changes });
      if (!changed.success) return { ok: false, error: changed.error.message };
      modes = changed.data;
      return done(1);
    },
    setLifetimes(changes) {
      lifetimes = { ...lifetimes, ...changes };
      return done(1);
    },
  };
}

export function openControl({ settings, grants, faults, log, addClient, webhooks }: ControlDeps) {
  return function control(command: ControlCommand): ControlResult {
    switch (command.command) {
      case 'expire_access_tokens':
        return done(grants.expire('access', command));
      case 'expire_refresh_tokens':
        return done(grants.expire('refresh', command));
      case 'kill_grants':
        return done(grants.end(command, 'user'));
      case 'set_lifetimes': {
        const { command: _, ...changes } = command;
        return settings.setLifetimes(changes);
      }
      case 'set_modes':
        return settings.setModes(command.modes);
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
        return webhooks?.setUp(command) ?? sendsNone;
      case 'send_webhook':
        return webhooks?.send(command) ?? sendsNone;
    }
  };
}

/** Takes a command over HTTP. JSON only, because a page of another site cannot send that here without asking first. */
export function takeCommand(call: Call, control: (command: ControlCommand) => ControlResult): Reply {
  if (!/^application\/json\b/i.test(call.headers['content-type'] ?? '')) {
    return json(415, { ok: false, error: 'Send the command as application/json.' });
  }
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    return json(400, { ok: false, error: 'The command is not JSON.' });
  }
  const parsed = parseCommand(value);
  const result = parsed.ok ? control(parsed.command) : parsed;
  return json(result.ok ? 200 : 400, { ...result });
}

const sendsNone: ControlResult = { ok: false, error: 'This platform sends no webhooks.' };

function done(affected: number): ControlResult {
  return { ok: true, affected };
}
