/** Settings: read once, whole or not at all, and never repeated in an error. */
import { describe, expect, it } from 'vitest';
import {
  type FunctionName,
  functionSettings,
  isOptional,
  readSettings,
  type SettingName,
  variableOf,
} from '../../lib/config.ts';

/** A right value for each setting, by its variable. */
const environment: Readonly<Record<string, string>> = {
  CONNECTIONS_TABLE: 'hawser-connections',
  ACTIVITY_TABLE: 'hawser-activity',
  VAULT_KEY_ID: 'alias/hawser',
  PUBLIC_URL: 'https://hawser.example',
  STATE_SECRET_ID: 'hawser/state',
  SESSION_KEY_SECRET_ID: 'hawser/session-key',
  EVENTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/events',
  REFRESH_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/refresh',
  RESCUE_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/rescue',
  JOBS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/jobs',
  INCOMING_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/incoming',
  INCOMING_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:incoming-dead',
  EVENTS_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:events-dead',
  DELIVERIES_DEAD_LETTERS_ARN: 'arn:aws:sqs:us-east-1:000000000000:deliveries-dead',
  APP_SECRET_PREFIX: 'hawser/apps/',
  DELIVERIES_DEAD_LETTERS_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/deliveries-dead',
  DELIVERIES_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/000000000000/deliveries',
};
const names = Object.keys(functionSettings) as FunctionName[];
const settingsOf = (name: FunctionName): readonly SettingName[] => functionSettings[name];

describe.each(names)('the settings of %s', (name) => {
  const needed = settingsOf(name).filter((setting) => !isOptional(setting));

  it('are those that its row names, and are frozen', () => {
    const settings = readSettings(name, environment);

    expect(Object.keys(settings).sort()).toEqual([...settingsOf(name)].sort());
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each(needed)('are complete: without %s the function refuses to start and names it', (setting) => {
    const { [variableOf(setting)]: _, ...rest } = environment;

    expect(() => readSettings(name, rest)).toThrow(
      new RegExp(`^Environment variable ${variableOf(setting)} `),
    );
    expect(() => readSettings(name, { ...rest, [variableOf(setting)]: '' })).toThrow(variableOf(setting));
  });
});

describe('a setting', () => {
  it('that is optional falls back to the strict default', () => {
    expect(readSettings('callback', environment)).toMatchObject({ platformOrigins: {}, insecureOrigins: [] });
  });

  it('row 11: that holds JSON is parsed into its value', () => {
    const settings = readSettings('callback', {
      ...environment,
      PLATFORM_ORIGINS: '{"https://open.tiktokapis.com":"http://127.0.0.1:1"}',
      INSECURE_ORIGINS: '["http://127.0.0.1:1"]',
    });

    expect(settings.platformOrigins).toEqual({ 'https://open.tiktokapis.com': 'http://127.0.0.1:1' });
    expect(settings.insecureOrigins).toEqual(['http://127.0.0.1:1']);
  });

  it.each([
    ['INSECURE_ORIGINS', 'http://s4ndb0x'],
    ['INSECURE_ORIGINS', '{"s4ndb0x":1}'],
    ['INSECURE_ORIGINS', '[1]'],
    ['INSECURE_ORIGINS', '"s4ndb0x"'],
    ['PLATFORM_ORIGINS', '["s4ndb0x"]'],
    ['PLATFORM_ORIGINS', '{"tiktok":"s4ndb0x"}'],
    ['PLATFORM_ORIGINS', '{s4ndb0x'],
    ['PUBLIC_URL', 's4ndb0x.example'],
    ['PUBLIC_URL', 'https://s4ndb0x.example/'],
    ['PUBLIC_URL', 'https://s4ndb0x.example?x'],
    ['PUBLIC_URL', 'ftp://s4ndb0x.example'],
    ['CONNECTIONS_TABLE', 'x'],
    ['EVENTS_QUEUE_URL', 's4ndb0x'],
  ])('row 19: that is malformed stops the function without being repeated: %s=%s', (variable, value) => {
    const read = () => readSettings('callback', { ...environment, [variable]: value });

    expect(read).toThrow(`Environment variable ${variable} is missing or malformed.`);
    expect(read).not.toThrow(/s4ndb0x/);
  });
});
