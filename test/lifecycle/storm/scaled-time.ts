/** Time that runs faster than the machine's, shared by all processes that agree on a start: leases end sooner. */

export interface Scale {
  /** When it began, by the machine's clock. */
  readonly began: number;
  /** How many of its seconds fit into one. */
  readonly factor: number;
}

export function scaleTime({ began, factor }: Scale) {
  return {
    now: () => Math.round(began + (Date.now() - began) * factor),
    sleep: (milliseconds: number) =>
      new Promise<void>((resolve) => setTimeout(resolve, milliseconds / factor)),
    /** What so much of its time is by the machine's clock. */
    real: (milliseconds: number) => Math.round(milliseconds / factor),
  };
}
