/** A whole connect in process: the domain's verbs from the flow to the stored connection, and a person on the consent page. */
import { approve } from '../../../infra/local/sandbox/visitor/consent-visitor.ts';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { AccountId, FlowId, ProviderId, TenantId, UserId } from '../../../lib/ids.ts';
import { completeConnection } from '../../../lib/integrations/connect/complete-connection.ts';
import { handleOAuthCallback } from '../../../lib/integrations/connect/handle-oauth-callback.ts';
import { initiateOAuthFlow } from '../../../lib/integrations/connect/initiate-oauth-flow.ts';
import { startFlow } from '../../../lib/integrations/connect/start-flow.ts';
import type { Instance } from './function-instance.ts';

export interface Wish {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: ProviderId;
  /** Whom to choose on the consent page, by key. */
  readonly person: string;
  /** What the provider lists as variables, such as a shop. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** A consent that has been given, and what is left to do about it. */
export interface Consented {
  /** Redeems the code and stores the connection. */
  finish(): Promise<SealedConnection>;
}

export async function connectAccount(
  instance: Instance,
  wish: Wish,
  browse: typeof fetch = fetch,
): Promise<SealedConnection> {
  return (await consent(instance, wish, browse)).finish();
}

/** As far as the return URL: the platform has given its code, and nobody has redeemed it. */
export async function consent(
  instance: Instance,
  wish: Wish,
  browse: typeof fetch = fetch,
): Promise<Consented> {
  const { deps, tenants, stateSecrets } = instance;
  const { tenantId, userId, provider, person, variables } = wish;
  const request = {
    tenantId,
    userId,
    provider,
    completion: 'confirm',
    ...(variables && { variables }),
  } as const;
  const initiated = await initiateOAuthFlow({ ...deps, tenants }, request);
  if (initiated.kind !== 'started') throw new Error(`The flow was refused: ${initiated.kind}.`);
  const { flowId } = initiated.flow;
  const started = await startFlow(
    { ...deps, stateSecrets },
    { flowId: flowId as FlowId, browserSecret: undefined, agreed: true },
  );
  if (started.kind !== 'redirect') throw new Error(`The flow did not start: ${started.kind}.`);
  const callback = new URL(await approve(started.url, { account: person }, browse));
  const returned = await handleOAuthCallback(
    { ...deps, stateSecrets },
    {
      app: provider,
      state: callback.searchParams.get('state') ?? undefined,
      code: callback.searchParams.get('code') ?? undefined,
      error: undefined,
      errorReason: undefined,
      errorCode: undefined,
      issuer: undefined,
      browserSecretOf: () => started.browserSecret,
    },
  );
  if (returned.kind !== 'redirect') throw new Error('The callback was refused.');
  const completion = new URL(returned.url).searchParams.get('completion');
  if (completion === null) throw new Error('The callback brought no completion.');

  return {
    async finish() {
      const { connection } = await completeConnection(deps, {
        tenantId,
        userId,
        flowId: flowId as FlowId,
        completion,
      });
      const stored = await deps.connections.get(tenantId, provider, connection.accountId as AccountId);
      if (!stored) throw new Error('The connection was not stored.');
      return stored;
    },
  };
}
