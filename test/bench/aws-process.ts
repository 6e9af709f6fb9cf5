/**
 * The local AWS in a process of its own, so that what it costs is not counted with a handler's. It answers over TLS,
 * as AWS does; asked for calls, it says how many have come since it was last asked.
 */
import { startLocalAws } from '../../infra/local/aws/local-aws.ts';
import { grantsOf } from '../../infra/local/stack/function-grants.ts';
import { answerParent } from './child.ts';
import { seed } from './seed.ts';
import { selfSigned } from './self-signed.ts';
import { startTlsFront } from './tls-front.ts';

const now = () => Date.now();
const aws = await startLocalAws({ grantsOf: (accessKeyId) => grantsOf(accessKeyId), now });
const identity = selfSigned(now());
const url = await startTlsFront(new URL(aws.endpoints.dynamodb), identity);
const ready = {
  url,
  certificate: identity.certificate,
  region: aws.region,
  seed: await seed(aws, now),
};

answerParent(async (question) => {
  if (JSON.stringify(question) === '{"about":"place"}') return ready;
  const calls = aws.calls();
  aws.resetCalls();
  return { calls };
});
