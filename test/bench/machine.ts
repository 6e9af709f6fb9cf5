/** What the numbers were measured on. */
import { cpus, totalmem } from 'node:os';

export function describeMachine(): string {
  const [first] = cpus();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown CPU'}, ${gibibytes} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
}
