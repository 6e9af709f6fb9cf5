/** How functions run here: isolation, one event at a time, time-outs, crashes, output; with real worker threads. */

import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startGateway } from '../../../infra/local/gateway/gateway.ts';
import {
  type FunctionRunner,
  type RunnerOptions,
  startRunner,
} from '../../../infra/local/lambda/function-runner.ts';
import { eventually } from '../../support/eventually.ts';

interface TestRunner extends FunctionRunner {
  readonly output: { readonly functionName: string; readonly line: string; readonly stream: string }[];
}

describe('a function', () => {
  it('sees its own environment and no other variable', async () => {
    const runner = openRunner({ environmentOf: (name) => ({ OWN: name, AWS_REGION: 'eu-west-1' }) });

    const first = await runner.invoke('obedient', { do: 'describe' });

    expect(first).toMatchObject({ environment: { OWN: 'obedient', AWS_REGION: 'eu-west-1' } });
    expect(Object.keys(Object(first).environment)).toHaveLength(2);
  });

  it('keeps its state between calls, apart from every other function', async () => {
    const runner = openRunner({ entryOf: () => fixture('obedient') });

    const results = [
      await runner.invoke('one', { do: 'describe' }),
      await runner.invoke('one', { do: 'describe' }),
      await runner.invoke('two', { do: 'describe' }),
    ].map(Object);

    expect(results.map((result) => result.calls)).toEqual([1, 2, 1]);
    expect(new Set(results.map((result) => result.thread)).size).toBe(2);
  });

  it('gets Lambda’s context', async () => {
    const runner = openRunner({ timeoutSecondsOf: () => 900 });

    const context = Object(await runner.invoke('obedient', { do: 'context' }));

    expect(context).toMatchObject({
      functionName: 'obedient',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:obedient',
      memoryLimitInMB: '512',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupName: '/aws/lambda/obedient',
    });
    expect(context.remaining).toBeGreaterThan(600_000);
    expect(context.remaining).toBeLessThanOrEqual(900_000);
  });

  it.each([
    [{ do: 'nothing' }, null],
    [{ do: 'date' }, { at: '1970-01-01T00:00:00.000Z' }],
    [
      { do: 'other', deep: [1, { a: null }] },
      { do: 'other', deep: [1, { a: null }] },
    ],
  ])('answers %j as JSON would carry it', async (event, result) => {
    const runner = openRunner();

    await expect(runner.invoke('obedient', event)).resolves.toEqual(result);
  });

  it('has what it writes handed on line by line', async () => {
    const runner = openRunner();

    await runner.invoke('obedient', { do: 'write' });
    await runner.close();

    const linesOf = (stream: string) =>
      runner.output.filter((one) => one.stream === stream).map((one) => one.line);
    expect(linesOf('stdout')).toEqual(['first line', 'second line', 'λ without an end']);
    expect(linesOf('stderr')).toEqual(['a complaint']);
  });
});

describe('concurrent calls', () => {
  it('run in environments of their own, each reused afterwards', async () => {
    const runner = openRunner();
    const sleep = () => runner.invoke('obedient', { do: 'sleep', ms: 150 });

    const first = await Promise.all([sleep(), sleep(), sleep()]);
    const second = await Promise.all([sleep(), sleep(), sleep()]);

    const threads = (results: unknown[]) => new Set(results.map((result) => Object(result).thread));
    expect(threads(first).size).toBe(3);
    expect(threads(second)).toEqual(threads(first));
  });

  it('beyond eight wait for an environment', async () => {
    const runner = openRunner();

    const results = await Promise.all(
      Array.from({ length: 12 }, () => runner.invoke('obedient', { do: 'sleep', ms: 20 })),
    );

    expect(results).toHaveLength(12);
    expect(new Set(results.map((result) => Object(result).thread)).size).toBeLessThanOrEqual(8);
  });

  it('that wait get a fresh environment when theirs crashes', async () => {
    const runner = openRunner();
    const crashes = Array.from({ length: 8 }, () => runner.invoke('obedient', { do: 'exit' }));

    const waiting = runner.invoke('obedient', { do: 'echo' });

    expect((await Promise.allSettled(crashes)).map((one) => one.status)).toEqual(Array(8).fill('rejected'));
    await expect(waiting).resolves.toEqual({ do: 'echo' });
  });
});

describe('a failing call', () => {
  it('is rejected with Lambda’s error type and message, and the environment lives on', async () => {
    const runner = openRunner();
    const before = await runner.invoke('obedient', { do: 'describe' });

    await expect(runner.invoke('obedient', { do: 'fail' })).rejects.toMatchObject({
      name: 'TypeError',
      message: 'this was asked for',
    });

    const after = await runner.invoke('obedient', { do: 'describe' });
    expect(Object(after).thread).toBe(Object(before).thread);
    expect(
      runner.output.some((one) => one.line.startsWith('ERROR\tInvoke Error\t{"errorType":"TypeError"')),
    ).toBe(true);
  });

  it.each(['hang', 'spin'])(
    'that does not end (%s) is cut off at its time-out, and the next one starts afresh',
    async (how) => {
      let seconds = 120;
      const runner = openRunner({ timeoutSecondsOf: () => seconds });
      await runner.invoke('obedient', { do: 'describe' });
      seconds = 0.4;

      await expect(runner.invoke('obedient', { do: how })).rejects.toMatchObject({
        name: 'Sandbox.Timedout',
        message: expect.stringMatching(
          /^RequestId: [0-9a-f-]{36} Error: Task timed out after 0\.40 seconds$/,
        ),
      });
      seconds = 120;

      await expect(runner.invoke('obedient', { do: 'describe' })).resolves.toMatchObject({ calls: 1 });
    },
  );

  it.each([
    ['exit', 'Runtime.ExitError', 'Runtime exited with exit status 3'],
    ['crash', 'RangeError', 'outside the handler'],
  ])(
    'that takes its environment down (%s) fails, and the next one starts afresh',
    async (how, name, message) => {
      const runner = openRunner();
      await runner.invoke('obedient', { do: 'describe' });

      await expect(runner.invoke('obedient', { do: how })).rejects.toMatchObject({ name, message });
      expect(runner.output.some((one) => one.stream === 'stderr' && one.line.includes(message))).toBe(true);

      await expect(runner.invoke('obedient', { do: 'describe' })).resolves.toMatchObject({ calls: 1 });
    },
  );

  it('is not the one after an environment that crashed while idle', async () => {
    const runner = openRunner();
    await runner.invoke('obedient', { do: 'crash-later' });
    await eventually(() => runner.output.some((one) => one.line.includes('between two calls')));

    const result = await runner.invoke('obedient', { do: 'describe' });

    expect(result).toMatchObject({ calls: 1 });
    expect(runner.output.some((one) => one.line.includes('between two calls'))).toBe(true);
  });

  it.each([
    ['breaking', 'Error', 'the module breaks while it loads'],
    ['handlerless', 'Runtime.HandlerNotFound', 'does not export a function named handler'],
    ['absent', 'Error', 'Cannot find module'],
  ])('says why a module cannot serve: %s', async (functionName, name, message) => {
    const runner = openRunner();

    await expect(runner.invoke(functionName, {})).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
    await expect(runner.invoke(functionName, {})).rejects.toThrow(message);
    await runner.close();
    expect(runner.output.filter((one) => one.line.startsWith('ERROR\tUncaught Exception'))).toHaveLength(2);
  });

  it('is one whose event or answer is over 6 MB', async () => {
    const runner = openRunner();
    const bytes = 6 * 1024 * 1024;

    await expect(runner.invoke('obedient', { text: 'x'.repeat(bytes) })).rejects.toMatchObject({
      name: 'RequestTooLargeException',
    });
    await expect(runner.invoke('obedient', { do: 'large', ms: bytes })).rejects.toMatchObject({
      name: 'Function.ResponseSizeTooLarge',
    });
  });
});

describe('closing', () => {
  it('rejects what runs and what comes later', async () => {
    const runner = openRunner();
    await runner.invoke('obedient', { do: 'describe' });
    const running = runner.invoke('obedient', { do: 'hang' });
    const outcome = expect(running).rejects.toThrow('closed');

    await runner.close();

    await outcome;
    await expect(runner.invoke('obedient', {})).rejects.toThrow('closed');
  });
});

describe('gateway and runner together', () => {
  it('carry a request to a function’s thread and its answer back, and a crash as a plain 500', async () => {
    const runner = openRunner();
    const gateway = await startGateway({
      routes: [{ method: 'POST', path: '/{do}', functionName: 'obedient' }],
      cors: { allowOrigins: [], allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 0 },
      host: 'localhost',
      port: 0,
      now: Date.now,
      invoke: (name, event) => runner.invoke(name, { do: event.pathParameters?.['do'], body: event.body }),
    });
    onTestFinished(() => gateway.close());
    const post = (path: string) =>
      fetch(gateway.url + path, { method: 'POST', body: 'λ', headers: { 'content-type': 'text/plain' } });

    const echoed = await post('/echo');
    const crashed = await post('/exit');
    const recovered = await post('/echo');

    expect(await echoed.json()).toEqual({ do: 'echo', body: 'λ' });
    expect([crashed.status, await crashed.text()]).toEqual([500, '{"message":"Internal Server Error"}']);
    expect(recovered.status).toBe(200);
  });

  it('answer 413 to a body that Lambda would not take', async () => {
    const runner = openRunner();
    const gateway = await startGateway({
      routes: [{ method: 'POST', path: '/', functionName: 'obedient' }],
      cors: { allowOrigins: [], allowMethods: [], allowHeaders: [], exposeHeaders: [], maxAgeSeconds: 0 },
      host: 'localhost',
      port: 0,
      now: Date.now,
      invoke: (name, event) => runner.invoke(name, event),
    });
    onTestFinished(() => gateway.close());

    const answer = await fetch(gateway.url, { method: 'POST', body: Buffer.alloc(7 * 1024 * 1024) });

    expect(answer.status).toBe(413);
  });
});

function openRunner(options: Partial<RunnerOptions> = {}): TestRunner {
  const output: TestRunner['output'] = [];
  const runner = startRunner({
    entryOf: fixture,
    environmentOf: () => ({}),
    timeoutSecondsOf: () => 120,
    onOutput: (functionName, line, stream) => output.push({ functionName, line, stream }),
    ...options,
  });
  onTestFinished(() => runner.close());
  return { ...runner, output };
}

function fixture(name: string): string {
  return fileURLToPath(new URL(`./fixtures/${name}.ts`, import.meta.url));
}
