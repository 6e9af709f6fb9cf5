/** The way from a provider's definition to the plain policy that decides due dates. */
import type { RefreshPolicy } from '../../connections/refresh-policy.ts';
import type { Provider } from '../../providers/provider.ts';

/** Credentials that are probed never reach a margin. */
const noMargin = { share: 0, atLeastSeconds: 0, atMostSeconds: 0 };

export function refreshPolicyOf(provider: Provider): RefreshPolicy {
  const { probe, refresh } = provider;
  if (!refresh) {
    return {
      margin: noMargin,
      proactive: 'in_use',
      ...(probe && { probeEverySeconds: probe.everySeconds }),
    };
  }
  const { margin, proactive, keepAliveSeconds, minimumAgeSeconds } = refresh;
  return {
    margin,
    proactive,
    ...(keepAliveSeconds !== undefined && { keepAliveSeconds }),
    ...(minimumAgeSeconds !== undefined && { minimumAgeSeconds }),
  };
}
