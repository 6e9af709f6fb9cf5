/** Runs each minute: puts what is due into the queues of those who do it. */

import { readSettings } from '../lib/config.ts';
import { resumeJobs } from '../lib/integrations/disconnect/resume-jobs.ts';
import { sweepDue } from '../lib/integrations/worker/sweep-due.ts';
import { createJobStore } from '../lib/jobs/job.ts';
import { now, openPrecious, queueOf, sweepParts } from '../lib/runtime/compose.ts';

const settings = readSettings('refresh-due');
const precious = openPrecious(settings);
const parts = sweepParts(precious, settings);
const jobs = { jobs: createJobStore(precious, now), queue: queueOf('jobs', settings) };

export const handler = async (): Promise<void> => {
  parts.log('info', 'swept', { sent: await sweepDue(parts), resumed: await resumeJobs(jobs) });
};
