/** The options of a deployment, read from CDK's context (`cdk.json` or `-c name=value`) and validated. */
import type { Node } from 'constructs';

export interface StackOptions {
  /** Names the stack; `prod` unless set. */
  readonly stage: string;
  /** The API's custom domain. Without one its URL is API Gateway's. */
  readonly domain?: { readonly name: string; readonly certificateArn: string };
  /** Tenants' own KMS keys, which the vault may use for these tenants. The policies of the keys must allow it too. */
  readonly tenantKmsKeyArns: readonly string[];
  /** EventBridge buses that may be destinations of tenants' events. */
  readonly eventBusArns: readonly string[];
  /**
   * The operator's role that rotates tenant keys and creates the secrets of destinations. It can create keys for
   * credentials but not decrypt them; keys for destinations it can decrypt too.
   */
  readonly operatorRoleArn?: string;
  /** The role that reseals everything under new tenant keys. It can decrypt credentials, so set it only while that runs. */
  readonly resealRoleArn?: string;
  /** Which connections the sweep refreshes before they expire: those of each provider's policy unless set, or all. */
  readonly proactiveRefresh?: string;
  /** The SNS topic that alarms notify; without one they only show in CloudWatch. */
  readonly alarmTopicArn?: string;
}

export const defaultStage = 'prod';

const patterns = {
  stage: /^[a-z][a-z0-9-]{0,19}$/,
  domainName: /^(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}$/,
  certificateArn: /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
  // One exact key: a pattern or an alias could match another one later.
  tenantKmsKeyArns: /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/,
  // One exact bus, as above.
  eventBusArns: /^arn:[a-z-]+:events:[a-z0-9-]+:\d{12}:event-bus\/[\w./-]{1,256}$/,
  operatorRoleArn: /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  resealRoleArn: /^arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/,
  proactiveRefresh: /^(?:policy|all)$/,
  alarmTopicArn: /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
} as const;

/** @throws Error naming the context value that is invalid. */
export function readOptions(node: Node): StackOptions {
  const read = (name: keyof typeof patterns) => readContext(node, name);
  const [domainName, certificateArn] = [read('domainName'), read('certificateArn')];
  if ((domainName === undefined) !== (certificateArn === undefined)) {
    throw new Error('Context values domainName and certificateArn belong together: set both or neither.');
  }
  const operatorRoleArn = read('operatorRoleArn');
  const resealRoleArn = read('resealRoleArn');
  const proactiveRefresh = read('proactiveRefresh');
  const alarmTopicArn = read('alarmTopicArn');
  return {
    stage: read('stage') ?? defaultStage,
    tenantKmsKeyArns: readList(node, 'tenantKmsKeyArns'),
    eventBusArns: readList(node, 'eventBusArns'),
    ...(domainName !== undefined &&
      certificateArn !== undefined && { domain: { name: domainName, certificateArn } }),
    ...(operatorRoleArn !== undefined && { operatorRoleArn }),
    ...(resealRoleArn !== undefined && { resealRoleArn }),
    ...(proactiveRefresh !== undefined && { proactiveRefresh }),
    ...(alarmTopicArn !== undefined && { alarmTopicArn }),
  };
}

function readContext(node: Node, name: keyof typeof patterns): string | undefined {
  const [value, ...more] = readList(node, name);
  if (more.length > 0) throw invalidValue(name);
  return value;
}

/** A comma-separated list; empty when the value is not set. */
function readList(node: Node, name: keyof typeof patterns): readonly string[] {
  const value: unknown = node.tryGetContext(name);
  if (value === undefined || value === '') return [];
  if (typeof value !== 'string') throw invalidValue(name);
  const items = value.split(',').map((item) => item.trim());
  if (!items.every((item) => patterns[name].test(item))) throw invalidValue(name);
  return items;
}

function invalidValue(name: keyof typeof patterns): Error {
  return new Error(`Context value ${name} must match ${patterns[name].source}.`);
}
