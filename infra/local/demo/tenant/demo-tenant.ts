/** The demo tenant of the local stack: the first start creates it, later starts find it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Operator } from '../../../../lib/admin/operator.ts';

export interface DemoTenant {
  readonly tenantId: string;
  readonly apiKey: string;
  readonly returnUrl: string;
}

const kept = z.object({ tenantId: z.string(), apiKey: z.string(), returnUrl: z.string() });
const tenantId = 'demo';

/** @param file where its API key is kept, on this machine only. */
export async function prepareDemoTenant(
  operator: Operator,
  returnUrl: string,
  file: string,
): Promise<DemoTenant> {
  const before = existsSync(file) ? kept.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data : undefined;
  const known = await operator.tenants.get(
    (before?.tenantId ?? tenantId) as Parameters<Operator['tenants']['get']>[0],
  );
  if (!known) await operator.createTenant(tenantId, 'Demo application');
  const apiKey =
    before && known ? before.apiKey : (await operator.createApiKey(tenantId, 'demo')).text.reveal();
  if (before && before.returnUrl !== returnUrl && known?.returnUrls.includes(before.returnUrl)) {
    await operator.removeReturnUrl(tenantId, before.returnUrl);
  }
  await operator.addReturnUrl(tenantId, returnUrl);
  const demo: DemoTenant = { tenantId, apiKey, returnUrl };
  writeFileSync(file, JSON.stringify(demo), { mode: 0o600 });
  return demo;
}
