/** Builds a function's environment from the settings that it declares and the values that a stack supplies. */
import { type FunctionName, functionSettings, type SettingName, variableOf } from '../lib/config.ts';

/**
 * A value for every setting: a new setting without a value fails the type check of both stacks.
 * `undefined` leaves a setting at its default.
 */
export type SettingValues = { readonly [Name in SettingName]: string | undefined };

export function environmentOf(functionName: FunctionName, values: SettingValues): Record<string, string> {
  return Object.fromEntries(
    functionSettings[functionName].flatMap((setting: SettingName) => {
      const value = values[setting];
      return value === undefined ? [] : [[variableOf(setting), value]];
    }),
  );
}
