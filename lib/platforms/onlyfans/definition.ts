/** OnlyFans, which has no API for others: a user lends a browser session. Its README says what that takes and risks. */
import { definePlatform } from '../../providers/define-platform.ts';
import { lookWithSession, readRefusal, sessionErrors } from './probe.ts';
import { readSession, sessionFields } from './session.ts';

export const onlyfans = definePlatform({
  data: {
    id: 'onlyfans',
    name: 'OnlyFans',
    kind: 'session',
    category: 'social',
    credentials: { fields: [...sessionFields] },
    probeUrl: 'https://onlyfans.com/api2/v2/users/me',
    errors: { meanings: sessionErrors },
    appSettings: {
      signerUrl: {
        meaning:
          'https address of your own signer: it is sent {method, path, userId} and answers {headers, healthy?}',
      },
    },
  },
  readRefusal,
  read: readSession,
  look: lookWithSession,
});
