/** The stack as CloudFormation would get it, read so that tests can speak of constructs instead of logical ids. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { createStack } from '../../../infra/stack.ts';
import { readOptions } from '../../../infra/stack-options.ts';
import { functions } from '../../../infra/topology.ts';

const resource = z.object({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.array(z.string()).default([]),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
  Metadata: z.object({ 'aws:cdk:path': z.string() }).optional(),
});
const template = z.object({
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});
const cdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
/** Reasons by finding, for one construct. */
const acknowledged = z.record(z.string(), z.string());

export interface Resource {
  /** Path of its construct in the stack, without the last `Resource`. */
  readonly path: string;
  readonly type: string;
  /** Intrinsic functions are replaced by text: a reference by the path in angle brackets, an attribute by `<path.Attribute>`. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly dependsOn: readonly string[];
  readonly deletionPolicy: string | undefined;
  readonly updateReplacePolicy: string | undefined;
}

export interface Synthesized {
  readonly stackName: string;
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly acknowledgements: readonly { readonly id: string; readonly reason: string }[];
  /** The template's JSON, to assert that a text does not occur in it. */
  readonly text: string;
  readonly ofType: (type: string) => readonly Resource[];
}

/** Makes the stack with CDK's settings of the project and the owner's choices given. */
export function synthesize(choices: Readonly<Record<string, string>> = {}): Synthesized {
  // The validator takes seconds to start; `npm run synth` runs it.
  const { CDK_VALIDATION: validation } = process.env;
  process.env['CDK_VALIDATION'] = 'false';
  const folder = mkdtempSync(join(tmpdir(), 'hawser-stack-'));
  try {
    const bundles = join(folder, 'bundles');
    for (const name of Object.keys(functions)) {
      mkdirSync(join(bundles, name), { recursive: true });
      writeFileSync(join(bundles, name, 'index.mjs'), '');
    }
    const app = new App({
      outdir: join(folder, 'out'),
      context: { ...projectContext(), 'aws:cdk:enable-path-metadata': true, ...choices },
    });
    const stack = createStack(app, readOptions(app.node), bundles);
    const json: unknown = Template.fromStack(stack).toJSON();
    const acknowledgements = app.node
      .findAll()
      .flatMap(({ node }) => node.metadata)
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) => Object.entries(acknowledged.parse(data)))
      .map(([id, reason]) => ({ id, reason }));
    return { stackName: stack.stackName, acknowledgements, ...read(json, stack.stackName) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
    if (validation === undefined) delete process.env['CDK_VALIDATION'];
    else process.env['CDK_VALIDATION'] = validation;
  }
}

function projectContext(): Record<string, unknown> {
  const file = resolve(import.meta.dirname, '../../../cdk.json');
  return cdkJson.parse(JSON.parse(readFileSync(file, 'utf8'))).context;
}

function read(json: unknown, stackName: string) {
  const { Resources, Outputs } = template.parse(json);
  const pathOf = (logicalId: string) => {
    const path = Resources[logicalId]?.Metadata?.['aws:cdk:path'] ?? logicalId;
    return path.replace(`${stackName}/`, '').replace(/\/Resource$/, '');
  };
  const resources = Object.entries(Resources).map(
    ([logicalId, found]): Resource => ({
      path: pathOf(logicalId),
      type: found.Type,
      properties: Object.fromEntries(
        Object.entries(found.Properties).map(([name, value]) => [name, plain(value, pathOf)]),
      ),
      dependsOn: found.DependsOn.map(pathOf),
      deletionPolicy: found.DeletionPolicy,
      updateReplacePolicy: found.UpdateReplacePolicy,
    }),
  );
  return {
    resources,
    outputs: Object.fromEntries(
      Object.entries(Outputs).map(([name, { Value }]) => [name, plain(Value, pathOf)]),
    ),
    text: JSON.stringify(json),
    ofType: (type: string) => resources.filter((each) => each.type === type),
  };
}

function plain(value: unknown, pathOf: (logicalId: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => plain(item, pathOf));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length === 0) {
    if (name === 'Ref') return `<${pathOf(String(argument))}>`;
    if (name === 'Fn::GetAtt' && Array.isArray(argument)) {
      return `<${pathOf(String(argument[0]))}.${String(argument[1])}>`;
    }
    if (name === 'Fn::Join' && Array.isArray(argument) && Array.isArray(argument[1])) {
      return argument[1].map((part) => plain(part, pathOf)).join(String(argument[0]));
    }
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner, pathOf)]));
}
