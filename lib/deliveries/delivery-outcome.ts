/** The outcome of one delivery attempt, for every kind of destination. */

export type DeliveryOutcome =
  | { readonly kind: 'delivered' }
  /** Retried later. The error is a code of ours and holds nothing from the response. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      /** The destination's Retry-After in seconds, when it sent one. */
      readonly askedSeconds?: number;
    }
  /** The destination answered 410: it ended its subscription. */
  | { readonly kind: 'gone' };
