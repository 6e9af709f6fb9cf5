/** The texts that a definition is made of: URLs with variables, paths into answers, names and patterns. */
import * as z from 'zod/mini';
import { patternFlaw } from './pattern.ts';

/** The name of a variable or setting, as written in braces. */
export const variableName = z
  .string()
  .check(z.regex(/^[a-z][A-Za-z0-9]{0,31}$/, 'must be a name in camelCase of at most 32 characters'));

/** A regular expression from `^` to `$`. */
export const patternText = z.string().check((context) => {
  const flaw = patternFlaw(context.value);
  if (flaw !== undefined) context.issues.push({ code: 'custom', message: flaw, input: context.value });
});

/** A plain https URL, which may hold `{variables}`: no user name, no fragment. */
export const urlTemplate = z
  .string()
  .check(
    z.regex(
      /^https:\/\/(?:[a-z0-9.-]|\{[a-z]\w{0,31}\})+(?::\d{1,5})?(?:[/?](?:[\x21\x22\x24-\x5b\x5d-\x7e])*)?$/i,
      'must be an https URL without user name or fragment; {variables} may stand in it',
    ),
    z.maxLength(1_000),
  );

/**
 * The path of a value in a JSON answer: names and indexes parted by dots; `a|b` is the first that is not empty,
 * `a+b` both together. See `readPath`.
 */
export const jsonPath = z
  .string()
  .check(
    z.regex(
      /^[\w$@:-]+(?:\.[\w$@:-]+)*(?:[|+][\w$@:-]+(?:\.[\w$@:-]+)*)*$/,
      'must be a path such as data.id, a|b or a+b',
    ),
    z.maxLength(300),
  );

/** A parameter of a request as it is sent. */
export const parameterName = z
  .string()
  .check(z.regex(/^[\w.$[\]:-]{1,64}$/, 'must be the name of a request parameter'));

/** A header's name, in lower case. */
export const headerName = z
  .string()
  .check(z.regex(/^[a-z0-9-]{1,64}$/, 'must be the name of a header in lower case'));

/** Text that may hold `{placeholders}`; no line break, which could add a header. */
export const template = z
  .string()
  .check(z.regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'), z.maxLength(500));

export const parameters = z._default(z.record(parameterName, template), {});
export const headers = z._default(z.record(headerName, template), {});

export const seconds = z.int().check(z.gte(0), z.lte(315_360_000));
export const shortText = z.string().check(z.minLength(1), z.maxLength(300));
