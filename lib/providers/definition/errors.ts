/** How a platform words its refusals and what they mean. */
import * as z from 'zod/mini';
import { jsonPath } from './text.ts';

export const errorMeaning = z.enum(['retryable', 'reconnect_required', 'misconfigured']);

export const errors = z.strictObject({
  /** The platform's own codes, or `http_<status>`, over those of RFC 6749 section 5.2. */
  meanings: z._default(z.record(z.string().check(z.minLength(1), z.maxLength(100)), errorMeaning), {}),
  /** Where answers hold their code; the first that is known decides. */
  codes: z._default(jsonPath, 'error|error.code'),
  /** Where answers say whether they are a success, for platforms that refuse under status 200. */
  success: z.exactOptional(
    z.strictObject({ path: jsonPath, is: z.union([z.string(), z.number(), z.boolean()]) }),
  ),
});
