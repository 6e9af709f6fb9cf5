/**
 * The secrets that the operator writes, as small JSON objects. A secret known by name is made when it is first written,
 * and brought back when it is written within the recovery window of its removal. Nothing here prints or returns one to a
 * person.
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
import { isAbsent, isMarkedForDeletion } from '../../lib/aws/secret-absence.ts';

/** Days in which a removed secret can still be brought back, by writing it again or at the console of AWS. */
const recoveryDays = 7;
const content = z.record(z.string(), z.string());

export type SecretStore = ReturnType<typeof createSecretStore>;

export function createSecretStore(client: SecretsManagerClient) {
  return {
    /** The secret's fields; none when it is missing, removed, empty, or a placeholder of another shape. */
    async read(id: string): Promise<Readonly<Record<string, string>>> {
      try {
        const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: id }));
        return content.safeParse(JSON.parse(SecretString)).data ?? {};
      } catch (error) {
        if (isAbsent(error) || error instanceof SyntaxError) return {};
        throw error;
      }
    },

    /** Fills a secret; makes it where it is missing, and restores it where it was removed. */
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
        // A secret known by its ARN belongs to the stack, and only a deployment can bring it back.
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
