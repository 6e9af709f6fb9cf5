/**
 * The one recipe of a tenant event's id. Receivers deduplicate by it: the same change always has the same id. It stands
 * apart from the schemas, because it needs Node's hash and they must load in a browser.
 */
import { createHash } from 'node:crypto';

/** @param identity what makes it the same event, as one text; a change of a single character makes another event of it. */
export function tenantEventId(identity: string): string {
  return `evt_${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}`;
}
