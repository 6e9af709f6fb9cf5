/** Where commands act: a stack on AWS or the one on this machine, with the same actions. */
import type { Operator } from '../../../lib/admin/operator.ts';

export interface Target {
  /** Its name for people. */
  readonly name: string;
  /** Where the API is reached: scheme and host. */
  readonly apiUrl: string;
  readonly operator: Operator;
  close(): void;
}
