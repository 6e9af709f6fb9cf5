/** Each function's environment, from the settings it names and the values a stack has for them. */
import { type FunctionName, functionSettings, type SettingName, variableOf } from '../lib/config.ts';

/**
 * A value for every setting there is: a new setting without a value is a type error in every stack.
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
