/** A stack that can withhold one permission at a time from a function, and that records which calls were refused for it. */
import { functions, routes } from '../../infra/topology.ts';
import type { Permission } from '../../infra/topology-rows.ts';
import {
  type AwsCallSeen,
  openTestStack,
  type TestStack,
  type TestTenant,
} from '../support/stack/test-stack.ts';

/** One action of one function on one resource. */
export interface Right {
  readonly functionName: string;
  readonly action: string;
  /** As `connections`, `connections/byPlatformUser`, `vaultKey`, `events`. */
  readonly on: string;
}

/** A test with one permission withheld: the set-up that must still work, then the one action that must be refused. */
export interface Probe {
  readonly prepare: (kit: ProbeFixture) => Promise<() => Promise<string>>;
  /** What comes of it: the error that is answered, or what is left undone behind an answer that is not harmed by it. */
  readonly outcome: string;
  /** Needs a function that has kept nothing in memory yet. */
  readonly coldStart?: boolean;
}

export interface ProbeFixture {
  readonly stack: TestStack;
  /** A tenant that no function has met, with an app of its own at TikTok whose secret no function has read. */
  newTenant(): Promise<TestTenant>;
  /** Has matching AWS calls fail until the probe ends. */
  failAws(matching: (call: AwsCallSeen) => boolean): void;
}

export const nameOf = ({ functionName, action, on }: Right) => `${functionName} ${action} ${on}`;

/** Every permission of every function behind the API. */
export function allRights(): readonly Right[] {
  const names = new Set(routes.map((route) => route.functionName));
  const rights = [...names].flatMap((functionName) =>
    functions[functionName].permissions.flatMap((permission: Permission) =>
      permission.actions.map((action) => ({ functionName, action, on: placeOf(permission) })),
    ),
  );
  return [...new Map(rights.map((right) => [nameOf(right), right])).values()];
}

export interface RightsStack {
  readonly stack: TestStack;
  /** Runs a probe with the right withheld. Answers its outcome and all that was refused meanwhile. */
  run(right: Right, probe: Probe): Promise<{ readonly outcome: string; readonly refused: readonly string[] }>;
  close(): Promise<void>;
}

export async function openRightsStack(): Promise<RightsStack> {
  // The front reads the rows anew at every call.
  const rows: Record<string, { readonly permissions: readonly Permission[] }> = { ...functions };
  const granted = new Map<string, number>();
  const stack = await openTestStack({ rows });
  let fails: ((call: AwsCallSeen) => boolean) | undefined;

  function watch(): void {
    stack.local.aws.resetCalls();
    granted.clear();
    stack.fault = (call) => {
      const name = `${call.principal} ${call.action}`;
      granted.set(name, (granted.get(name) ?? 0) + 1);
      return fails?.(call) ? { error: 'InternalServerError', status: 500 } : undefined;
    };
  }

  /** Calls that reached the front and were not let through. */
  function refused(): readonly string[] {
    return (
      stack.local.aws
        .calls()
        .filter(({ principal }) => principal.startsWith('LOCAL-'))
        .filter(({ principal, action, count }) => count > (granted.get(`${principal} ${action}`) ?? 0))
        // IAM has no actions for batches: they need the right of the single call.
        .map(({ principal, action }) => `${principal.slice('LOCAL-'.length)} ${action.replace(/Batch$/, '')}`)
    );
  }

  const kit: ProbeFixture = {
    stack,
    newTenant: () => newTenantOf(stack),
    failAws: (matching) => {
      fails = matching;
    },
  };

  return {
    stack,
    async run(right, probe) {
      await stack.reset();
      const act = await probe.prepare(kit);
      watch();
      rows[right.functionName] = { permissions: without(right) };
      try {
        return { outcome: await act(), refused: refused() };
      } finally {
        rows[right.functionName] = functionOf(right.functionName);
        fails = undefined;
      }
    },
    close: () => stack.close(),
  };
}

function without({ functionName, action, on }: Right): readonly Permission[] {
  return functionOf(functionName).permissions.flatMap((permission) => {
    if (placeOf(permission) !== on) return [permission];
    const actions = permission.actions.filter((own) => own !== action);
    // What is left of a permission is one as well; an empty one grants nothing.
    return actions.length === 0 ? [] : [{ ...permission, actions } as Permission];
  });
}

function functionOf(name: string): { readonly permissions: readonly Permission[] } {
  const row = Object.entries(functions).find(([candidate]) => candidate === name)?.[1];
  if (row === undefined) throw new Error(`There is no function ${name}.`);
  return row;
}

function placeOf(permission: Permission): string {
  if (permission.on === 'queue') return permission.queue;
  if ('index' in permission && permission.index !== undefined) return `${permission.on}/${permission.index}`;
  return permission.on;
}

async function newTenantOf(stack: TestStack): Promise<TestTenant> {
  const tenant = await stack.newTenant({ directLinking: true });
  const client = { clientId: `own-${tenant.id}`, clientSecret: `s4ndb0x-own-${tenant.id}` };
  const { appId } = await stack.local.operator.setApp({
    provider: 'tiktok',
    tenantId: tenant.id,
    settings: {},
    ...client,
  });
  stack.local.platforms.sandboxes.tiktok.addClient({
    ...client,
    redirectUris: [`${stack.apiUrl}/integrations/callback/${appId}`],
  });
  return tenant;
}
