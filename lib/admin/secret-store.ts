/**
 * The secrets that an operator writes to Secrets Manager, as small JSON objects. The first write of a secret's name
 * creates it, and a write within the recovery window of its removal restores it. Nothing here prints one.
 */
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RestoreSecretCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { isAbsent, isMarkedForDeletion } from '../aws/secret-absence.ts';

const recoveryDays = 7;
const content = z.record(z.string(), z.string());

export type SecretStore = ReturnType<typeof createSecretStore>;

export function createSecretStore(client: SecretsManagerClient) {
  return {
    async read(id: string): Promise<Readonly<Record<string, string>>> {
      try {
        const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
        return content.safeParse(JSON.parse(SecretString)).data ?? {};
      } catch (error) {
        if (isAbsent(error) || error instanceof SyntaxError) return {};
        throw error;
      }
    },

    /** Fills a secret: creates it where it is missing, and restores it where it was removed. */
    async write(id: string, value: Readonly<Record<string, string>>, Description?: string): Promise<void> {
      const SecretString = JSON.stringify(value);
      const put = () => client.send(new PutSecretValueCommand({ SecretId: id, SecretString }));
      try {
        await put();
      } catch (error) {
        if (isMarkedForDeletion(error)) {
          await client.send(new RestoreSecretCommand({ SecretId: id }));
          await put();
          return;
        }
        // The stack owns a secret that is named by its ARN: only a deployment can create it.
        if (!(error instanceof ResourceNotFoundException) || id.startsWith('arn:')) throw error;
        await client.send(new CreateSecretCommand({ Name: id, SecretString, Description }));
      }
    },

    /** Schedules the deletion of a secret. A repeated call changes nothing. */
    async remove(id: string): Promise<void> {
      try {
        await client.send(new DeleteSecretCommand({ SecretId: id, RecoveryWindowInDays: recoveryDays }));
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    },
  };
}
