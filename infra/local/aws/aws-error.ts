/**
 * A failure as AWS reports it: a code that the SDK turns into an exception of that name, a status and a message.
 * Messages name resources and callers, never the contents of a request.
 */

/** One refusal or failure of a local AWS service. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The body of the answer: DynamoDB's older clients read `Message`, everybody else `message`. */
export function errorBody(error: AwsError): string {
  return JSON.stringify({ __type: error.code, message: error.message, Message: error.message });
}
