/**
 * What the runner and a function's worker say to each other, and the checks of these messages.
 * Events and results travel as JSON text, as they do between AWS and a function.
 */

/** Given to a worker at its start. */
export interface WorkerAssignment {
  readonly functionName: string;
  /** URL of the module that exports `handler`. */
  readonly entryUrl: string;
  readonly invokedFunctionArn: string;
  readonly logStreamName: string;
}

/** Sent to a worker: run the handler once. */
export interface InvokeMessage {
  readonly requestId: string;
  readonly eventJson: string;
  readonly timeoutMs: number;
}

/** An error as Lambda reports one. */
export interface LambdaError {
  readonly errorType: string;
  readonly errorMessage: string;
}

/** Sent by a worker. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly error: LambdaError }
  | { readonly kind: 'returned'; readonly resultJson: string }
  | { readonly kind: 'failed'; readonly error: LambdaError };

/** Whether `value` is an assignment. */
export function isAssignment(value: unknown): value is WorkerAssignment {
  return hasTexts(value, ['functionName', 'entryUrl', 'invokedFunctionArn', 'logStreamName']);
}

/** Whether `value` asks for an invocation. */
export function isInvokeMessage(value: unknown): value is InvokeMessage {
  return (
    hasTexts(value, ['requestId', 'eventJson']) && 'timeoutMs' in value && typeof value.timeoutMs === 'number'
  );
}

/** Whether `value` is a worker's message. */
export function isWorkerMessage(value: unknown): value is WorkerMessage {
  if (!hasTexts(value, ['kind'])) return false;
  if (value.kind === 'ready') return true;
  if (value.kind === 'returned') return hasTexts(value, ['resultJson']);
  const isFailure = value.kind === 'failed' || value.kind === 'init-failed';
  return isFailure && 'error' in value && hasTexts(value.error, ['errorType', 'errorMessage']);
}

/** Reads anything thrown as Lambda does: the error's name and message, or the value itself. */
export function toLambdaError(thrown: unknown): LambdaError {
  if (thrown instanceof Error) return { errorType: thrown.name, errorMessage: thrown.message };
  return { errorType: typeof thrown, errorMessage: String(thrown) };
}

function hasTexts<Name extends string>(
  value: unknown,
  names: readonly Name[],
): value is Record<Name, string> {
  if (typeof value !== 'object' || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return names.every((name) => typeof fields.get(name) === 'string');
}
