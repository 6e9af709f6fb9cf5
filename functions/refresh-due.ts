/** The sweep: runs each minute, and queues connections that are due and jobs to be resumed. */

import { readSettings } from '../lib/config.ts';
import { resumeJobs } from '../lib/integrations/disconnect/resume-jobs.ts';
import { sweepDue } from '../lib/integrations/worker/sweep-due.ts';
import { createJobStore } from '../lib/jobs/job.ts';
import { now, openConnectionsTable, queueOf, sweepDeps } from '../lib/runtime/compose.ts';

const settings = readSettings('refresh-due');
const connectionsTable = openConnectionsTable(settings);
const deps = sweepDeps(connectionsTable, settings);
const jobs = { jobs: createJobStore(connectionsTable, now), queue: queueOf('jobs', settings) };

export const handler = async (): Promise<void> => {
  deps.log('info', 'sweep.completed', { sent: await sweepDue(deps), resumed: await resumeJobs(jobs) });
};
