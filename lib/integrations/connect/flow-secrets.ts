/** The seal contexts of a flow's secrets: bound to the flow, its tenant and its provider, each under its own name. */
import type { FlowId, ProviderId, TenantId } from '../../ids.ts';
import type { SealContext } from '../../vault/seal-context.ts';

/** A flow has no account yet; its id is unique, so nothing is lost by leaving that part empty. */
export function flowContext(
  flow: { readonly id: FlowId; readonly tenantId: TenantId; readonly provider: ProviderId },
  field: 'verifier' | 'code',
): SealContext {
  return {
    tenantId: flow.tenantId,
    kind: 'flow',
    recordId: flow.id,
    field,
    provider: flow.provider,
    account: '',
  };
}
