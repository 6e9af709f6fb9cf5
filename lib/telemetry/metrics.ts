/**
 * Metrics in CloudWatch's embedded metric format: one JSON line, no call, no agent. Dimensions are the provider and
 * a reason at most; never a tenant, because every combination of values is a metric that costs money.
 */
import type { Write } from './log.ts';

export type MetricName =
  | 'connect_started'
  | 'connect_completed'
  | 'callback_failed'
  | 'callback_issuer_unverifiable'
  | 'refresh_succeeded'
  | 'refresh_postponed'
  | 'refresh_reconnect_required'
  | 'refresh_misconfigured'
  | 'credentials_rescued'
  | 'credentials_lost'
  | 'disconnect'
  | 'scopes_unrequested'
  | 'kms_call'
  | 'webhook_accepted'
  | 'webhook_rejected'
  | 'webhook_duplicate'
  | 'webhook_unroutable'
  | 'message_failed'
  | 'delivery_succeeded'
  | 'delivery_failed'
  | 'destination_disabled'
  | 'unauthorized';

export type Count = (
  name: MetricName,
  dimensions?: { readonly provider?: string; readonly reason?: string },
) => void;

/** Counts one occurrence. Format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
export function createCount(now: () => number, write: Write): Count {
  return (name, dimensions = {}) => {
    write(
      JSON.stringify({
        _aws: {
          Timestamp: now(),
          CloudWatchMetrics: [
            {
              Namespace: 'Hawser',
              Dimensions: [Object.keys(dimensions)],
              Metrics: [{ Name: name, Unit: 'Count' }],
            },
          ],
        },
        ...dimensions,
        [name]: 1,
      }),
    );
  };
}
