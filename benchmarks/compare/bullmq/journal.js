// The journal of the jobs, as benchmarks/compare/job.py has it. Node's hrtime is the machine's monotonic clock.
"use strict";
const fs = require("node:fs");

const [JOB_MILLISECONDS, LONG_MILLISECONDS] = [50, 1500];
const now = () => Number(process.hrtime.bigint()) / 1e9;

function note(event, id) {
  fs.appendFileSync(process.env.COMPARE_JOURNAL, `${event} ${id} ${now().toFixed(6)} ${process.pid}\n`);
}

async function work(id) {
  note("started", id);
  await new Promise((done) => setTimeout(done, id.startsWith("long") ? LONG_MILLISECONDS : JOB_MILLISECONDS));
  note("ended", id);
}

const connection = () => ({ host: "127.0.0.1", port: Number(process.env.COMPARE_PORT), maxRetriesPerRequest: null });

module.exports = { connection, note, now, work };
