// Publishes, pauses and resumes: the line protocol of benchmarks/compare/serving.py, for Node.
"use strict";
const readline = require("node:readline");
const { Queue } = require("bullmq");
const Redis = require("ioredis");
const { connection, note, now } = require("./journal");

const queue = new Queue("jobs", { connection: connection() });
const redis = new Redis(connection());
const WORKERS = 2;
let producer = null;

async function publish(id) {
  await queue.add("work", { id }, { jobId: id });
  note("accepted", id);
}

function goOn(name, perSecond) {
  let number = 0;
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = publish(`${name}-${number++}`);
  }, 1000 / perSecond);
  producer = async () => {
    clearInterval(timer);
    await last;
  };
}

// Ask each worker, and wait until as many as there are have obeyed.
async function order(word) {
  await redis.publish("orders", word);
  for (let n = 0; n < WORKERS; n++) await redis.blpop("obeyed", 30);
}

const local = process.env.COMPARE_WAY === "worker";
const deeds = {
  publish: async ({ name, number }) => {
    for (let n = 0; n < number; n++) await publish(`${name}-${n}`);
  },
  go_on: async ({ name, per_second }) => goOn(name, per_second),
  stop: async () => producer && producer(),
  pause: async () => (local ? order("pause") : queue.pause()),
  resume: async () => (local ? order("resume") : queue.resume()),
  held: async () => {
    const counts = await queue.getJobCounts("waiting", "paused", "prioritized", "active", "delayed", "failed");
    return counts;
  },
  running: async () => (await queue.getActive()).map((job) => job.id),
};

async function main() {
  await queue.waitUntilReady();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const asked = JSON.parse(line);
    const begun = now();
    try {
      const value = (await deeds[asked.do](asked)) ?? null;
      const kept = asked.do === "held" || asked.do === "running" ? value : null;
      console.log(JSON.stringify({ begun, returned: now(), value: kept }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  }
  process.exit(0);
}

main();
