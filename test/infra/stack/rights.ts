/** Policies taken apart: one line for each action on each resource, however CDK merged the statements. */
import { z } from 'zod';
import type { Resource, Synthesized } from './synthesized.ts';

const oneOrMore = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Action: oneOrMore,
  Resource: oneOrMore,
  Principal: z.object({ AWS: oneOrMore.default([]), Service: oneOrMore.default([]) }).optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});
const document = z.object({ Statement: z.array(statement) });

export interface Right {
  readonly action: string;
  readonly resource: string;
  readonly principal?: string;
  readonly condition: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The actions that a policy allows; it ignores Deny statements. @throws when a statement has another shape. */
export function rightsIn(policy: unknown): readonly Right[] {
  const allowing = document.parse(policy).Statement.filter(({ Effect }) => Effect === 'Allow');
  return allowing.flatMap(({ Action, Resource, Principal, Condition: condition }) =>
    Action.flatMap((action) =>
      Resource.flatMap((resource) => {
        const principals = Principal && [...Principal.AWS, ...Principal.Service];
        return principals
          ? principals.map((principal) => ({ action, resource, principal, condition }))
          : [{ action, resource, condition }];
      }),
    ),
  );
}

/** All rights of one function's role, which has no other policy than its own. */
export function rightsOf({ ofType }: Synthesized, functionName: string): readonly Right[] {
  const role = `Functions/${functionName}/Role`;
  return ofType('AWS::IAM::Policy')
    .filter(({ properties }) => z.array(z.string()).parse(properties['Roles']).includes(`<${role}>`))
    .flatMap(({ properties }) => rightsIn(properties['PolicyDocument']));
}

/** Every policy document in the stack, wherever it hangs. */
export function policies({
  resources,
}: Synthesized): readonly { readonly of: Resource; readonly rights: readonly Right[] }[] {
  return resources.flatMap((of) =>
    ['PolicyDocument', 'AssumeRolePolicyDocument', 'KeyPolicy', 'ResourcePolicy', 'Policies'].flatMap(
      (name) => {
        const policy = of.properties[name];
        return policy === undefined
          ? []
          : [{ of, rights: name === 'AssumeRolePolicyDocument' ? [] : rightsIn(policy) }];
      },
    ),
  );
}
