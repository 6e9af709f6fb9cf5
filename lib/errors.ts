/**
 * The one error class and the one catalogue of errors that a caller can see. The catalogue decides the HTTP status of
 * each, whether a retry can help, and the words that the tenant may show to its user.
 */

interface CatalogueEntry {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Whether the same request may succeed later without any change. */
  readonly retryable: boolean;
  /** What the tenant's application may show to its user. */
  readonly userMessage: string;
}

/** Every way the API can fail, by its stable code. */
export const catalogue = {
  INVALID_REQUEST: entry(400, false, 'The request was not understood.'),
  INVALID_PROVIDER: entry(404, false, 'This platform is not available.'),
  INVALID_SCOPE: entry(
    400,
    false,
    'The application asked for a permission that this platform does not offer.',
  ),
  PAYLOAD_TOO_LARGE: entry(413, false, 'The request was too large.'),
  UNSUPPORTED_MEDIA_TYPE: entry(415, false, 'The request was not understood.'),
  UNAUTHORIZED: entry(401, false, 'The application is not signed in to the connection service.'),
  FORBIDDEN: entry(403, false, 'The application may not do this.'),
  NOT_FOUND: entry(404, false, 'Nothing was found here.'),
  ACCOUNT_NOT_FOUND: entry(404, false, 'This account is not connected.'),
  ACCOUNT_ALREADY_CONNECTED: entry(409, false, 'This account is already connected by another user.'),
  ACCOUNT_MISMATCH: entry(409, false, 'You signed in to a different account than the one to reconnect.'),
  OAUTH_INIT_ERROR: entry(409, false, 'Connecting to this platform is not set up correctly.'),
  OAUTH_CALLBACK_ERROR: entry(400, false, 'Connecting did not work. Please start again.'),
  FLOW_NOT_FOUND: entry(404, false, 'This connection attempt is unknown or over. Please start again.'),
  FLOW_EXPIRED: entry(410, false, 'This took too long. Please start again.'),
  FLOW_IN_PROGRESS: entry(409, true, 'Your account is being connected. One moment.'),
  FLOW_USER_MISMATCH: entry(
    403,
    false,
    'This connection was started by somebody else and was stopped for safety.',
  ),
  ACCESS_DENIED: entry(403, false, 'You did not give access to the account.'),
  CREDENTIALS_REFUSED: entry(422, false, 'The platform did not accept these credentials.'),
  TOKEN_REFRESH_ERROR: entry(502, true, 'The platform did not refresh the access. Please try again later.'),
  NO_REFRESH_TOKEN: entry(409, false, 'This access cannot be refreshed. Please connect the account again.'),
  TOKEN_EXPIRED: entry(409, false, 'The access has ended. Please connect the account again.'),
  DISCONNECT_ERROR: entry(503, true, 'Disconnecting did not work. Please try again.'),
  DATABASE_ERROR: entry(503, true, 'Something went wrong on our side. Please try again.'),
  VAULT_ERROR: entry(503, true, 'Something went wrong on our side. Please try again.'),
  TENANT_DELETED: entry(410, false, 'This application has been removed.'),
  INVALID_SIGNATURE: entry(401, false, 'The message was refused.'),
  DUPLICATE_EVENT: entry(200, false, 'This message was handled before.'),
  PROCESSING_FAILED: entry(500, true, 'The message could not be handled.'),
  RATE_LIMITED: entry(429, true, 'Too many requests. Please try again shortly.'),
  PROVIDER_ERROR: entry(502, true, 'The platform did not answer as expected. Please try again later.'),
  INTERNAL_ERROR: entry(500, true, 'Something went wrong on our side. Please try again.'),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

interface IntegrationErrorOptions {
  readonly cause?: unknown;
  /** Facts for the caller's developers; never input text and never a secret. */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  /** Seconds after which to try again; sent as `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/**
 * The one error that crosses the product's own boundaries. The message says what was expected and what to do,
 * for developers; it never contains input, a token or another system's text.
 */
export class IntegrationError extends Error {
  override readonly name = 'IntegrationError';
  readonly code: ErrorCode;
  readonly details: IntegrationErrorOptions['details'];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: IntegrationErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

function entry(status: number, retryable: boolean, userMessage: string): CatalogueEntry {
  return { status, retryable, userMessage };
}
