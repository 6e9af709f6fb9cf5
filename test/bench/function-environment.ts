/** What a function of the product finds when it is measured: its settings, what its stack adds, and Node as Lambda starts it. */
import { localNames } from '../../infra/local/stack/provision.ts';
import {
  type FunctionName,
  functionSettings,
  isOptional,
  type SettingName,
  variableOf,
} from '../../lib/config.ts';

const values: { readonly [Name in SettingName]?: string } = {
  connectionsTable: localNames.connectionsTable,
  activityTable: localNames.activityTable,
  vaultKeyId: localNames.vaultKeyId,
};
/** For settings that are read but never used here: well-formed whatever they mean. */
const untouched = 'https://hawser.example';

export function environmentFor(name: FunctionName): Record<string, string> {
  const names: readonly SettingName[] = functionSettings[name];
  const required = names.filter((setting) => !isOptional(setting));
  return {
    ...Object.fromEntries(required.map((setting) => [variableOf(setting), values[setting] ?? untouched])),
    AWS_REGION: 'us-east-1',
    // As the stack sets it.
    NODE_OPTIONS: '--enable-source-maps',
  };
}

/** The options that Lambda's bootstrap gives to Node for a memory size: a tenth of it for new objects, in two halves. */
export function nodeOptionsFor(memoryMb: number): string[] {
  const newSpaceMb = Math.floor(memoryMb / 10);
  return [
    '--expose-gc',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(newSpaceMb / 2)}`,
    `--max-old-space-size=${memoryMb - newSpaceMb}`,
  ];
}
