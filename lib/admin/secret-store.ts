/** The secrets that an operator writes to Secrets Manager, as small JSON objects. Nothing here prints one. */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';

/** Days within which a removed secret can be restored in the AWS console. */
const recoveryDays = 7;
const content = z.record(z.string(), z.string());

export type SecretStore = ReturnType<typeof createSecretStore>;

export function createSecretStore(client: SecretsManagerClient) {
  return {
    /** The secret's fields; empty when the secret is missing, empty, or a placeholder of another shape. */
    async read(id: string): Promise<Readonly<Record<string, string>>> {
      try {
        const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
        return content.safeParse(JSON.parse(SecretString)).data ?? {};
      } catch (error) {
        if (error instanceof ResourceNotFoundException || error instanceof SyntaxError) return {};
        throw error;
      }
    },

    /** Fills a secret, creating it when it is missing. */
    async write(id: string, value: Readonly<Record<string, string>>): Promise<void> {
      const SecretString = JSON.stringify(value);
      try {
        await client.send(new PutSecretValueCommand({ SecretId: id, SecretString }));
      } catch (error) {
        // The stack owns a secret that is named by its ARN: only a deployment can create it.
        if (!(error instanceof ResourceNotFoundException) || id.startsWith('arn:')) throw error;
        await client.send(new CreateSecretCommand({ Name: id, SecretString }));
      }
    },

    async remove(id: string): Promise<void> {
      try {
        await client.send(new DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: recoveryDays }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}
