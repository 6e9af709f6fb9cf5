/** What differs between the connections of one platform (a shop, a region), or between its apps (a version, a host). */
import * as z from 'zod/mini';
import { jsonPath, parameterName, patternText, shortText, variableName } from './text.ts';

/**
 * A variable of a connection, as `{name}` in URLs. The user enters it at `connect`, or it arrives with the callback or
 * the token answer; it is frozen into flow and connection.
 */
const connectionField = z.strictObject({
  label: z.exactOptional(shortText),
  /** What a value must look like. In a host it must end in the platform's own domain. */
  pattern: patternText,
  example: z.exactOptional(shortText),
  default: z.exactOptional(shortText),
  /** Where it arrives, in place of being entered: a parameter of the callback, or a path into the token answer. */
  from: z.exactOptional(
    z.union([z.strictObject({ callback: parameterName }), z.strictObject({ tokenAnswer: jsonPath })]),
  ),
  /** Takes the value out of what arrives, as its one group: the host out of a URL, for example. */
  extract: z.exactOptional(patternText),
});

/** Something about the app's registration. As `{name}` it can stand in URLs, headers and parameters. */
const appSetting = z.strictObject({
  meaning: shortText,
  pattern: z.exactOptional(patternText),
  /** What holds when the operator says nothing; without one the setting is required, unless said otherwise. */
  default: z.exactOptional(z.string().check(z.maxLength(300))),
  required: z.exactOptional(z.boolean()),
});

export const variables = {
  connectionFields: z._default(z.record(variableName, connectionField), {}),
  appSettings: z._default(z.record(variableName, appSetting), {}),
};
