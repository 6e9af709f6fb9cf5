/** What became of one try to deliver an event, wherever it was to go. */

export type DeliveryOutcome =
  | { readonly kind: 'delivered' }
  /** To be tried again. The code says what went wrong, and nothing that an answer said. */
  | {
      readonly kind: 'failed';
      readonly error: string;
      /** Seconds until it wants to be asked again, where it says so. */
      readonly askedSeconds?: number;
    }
  /** The destination says that it wants nothing any more. */
  | { readonly kind: 'gone' };
