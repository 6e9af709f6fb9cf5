/** Parses provider data from any source. Each flaw names its field and never repeats a value. */
import type * as z from 'zod/mini';
import { consistencyFlaws, type Flaw } from './consistency.ts';
import { type ProviderData, providerData } from './provider-data.ts';

export type ProviderReading =
  | { readonly kind: 'provider'; readonly data: ProviderData }
  | { readonly kind: 'flawed'; readonly flaws: readonly Flaw[] };

/**
 * @param withCode whether the platform also has code, which may do what the data leaves out.
 */
export function parseProviderData(input: unknown, withCode = false): ProviderReading {
  const parsed = providerData.safeParse(input);
  const flaws = parsed.success
    ? consistencyFlaws(parsed.data, withCode)
    : parsed.error.issues.flatMap((issue) => flawsOf(issue));
  return parsed.success && flaws.length === 0
    ? { kind: 'provider', data: parsed.data }
    : { kind: 'flawed', flaws };
}

/** The flaws as one sentence. */
export function describeFlaws(flaws: readonly Flaw[]): string {
  return flaws.map(({ field, problem }) => `${field || 'the definition'} ${problem}`).join('; ');
}

type Issue = z.core.$ZodIssue;

function flawsOf(issue: Issue, under: readonly PropertyKey[] = []): readonly Flaw[] {
  const path = [...under, ...issue.path];
  const field = path.map(String).join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        field: [...path, key].map(String).join('.'),
        problem: 'is no field',
      }));
    case 'invalid_union': {
      // The form that fits best is the one that was meant.
      const [best] = issue.errors.toSorted((one, other) => one.length - other.length);
      return best?.[0]
        ? best.flatMap((inner) => flawsOf(inner, path))
        : [{ field, problem: 'has no such kind' }];
    }
    case 'invalid_key':
      return [{ field, problem: issue.issues[0]?.message ?? 'is no name' }];
    case 'invalid_type':
      return [{ field, problem: `must be ${issue.expected}` }];
    case 'invalid_value':
      return [{ field, problem: `must be one of ${issue.values.map(String).join(', ')}` }];
    case 'too_small':
      return [
        { field, problem: issue.message === 'Invalid input' ? 'is too small or short' : issue.message },
      ];
    case 'too_big':
      return [{ field, problem: issue.message === 'Invalid input' ? 'is too large or long' : issue.message }];
    default:
      return [{ field, problem: issue.message === 'Invalid input' ? 'is malformed' : issue.message }];
  }
}
