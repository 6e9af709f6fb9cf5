/** Explains a failure in one sentence that says what to do. Operators never see a stack trace. */

/** What AWS's errors mean to an operator, by name. */
const meanings: Readonly<Record<string, string>> = {
  CredentialsProviderError: 'No AWS credentials were found: sign in, or name a profile in AWS_PROFILE.',
  ExpiredToken: 'The AWS credentials have expired: sign in again.',
  ExpiredTokenException: 'The AWS credentials have expired: sign in again.',
  UnrecognizedClientException: 'AWS does not know these credentials: check AWS_PROFILE.',
  InvalidSignatureException: 'AWS does not accept these credentials: check the secret key and the clock.',
  ResourceNotFoundException:
    'A table, key or secret of the stack is missing: deploy it again, or name another.',
  QueueDoesNotExist: 'A queue of the stack is missing: deploy it again, or name another stack.',
  NotFoundException: 'The key of the stack is missing: deploy it again, or name another stack.',
};
const denied: ReadonlySet<string> = new Set(['AccessDeniedException', 'AccessDenied']);
const unreachable: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT', 'EAI_AGAIN']);

export function explain(error: unknown): string {
  // Hawser's own errors carry the error of AWS as their cause.
  for (const cause of causesOf(error)) {
    const meaning = meanings[cause.name];
    if (meaning !== undefined) return meaning;
    if (denied.has(cause.name)) return `These AWS credentials may not do this: ${cause.message}`;
    if ('code' in cause && typeof cause.code === 'string' && unreachable.has(cause.code)) {
      return 'AWS cannot be reached: check the network.';
    }
  }
  return error instanceof Error && error.message !== '' ? error.message : 'Something unexpected happened.';
}

const longestChain = 8;

function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  for (let at = error; at instanceof Error && causes.length < longestChain; at = at.cause) {
    causes.push(at);
    if (at instanceof AggregateError) causes.push(...at.errors.filter((one) => one instanceof Error));
  }
  return causes;
}
