// One worker process. A channel of our own tells it to pause: BullMQ's worker.pause() is local to the process.
"use strict";
const { Worker } = require("bullmq");
const Redis = require("ioredis");
const { connection, work } = require("./journal");

async function main() {
  const worker = new Worker("jobs", (job) => work(job.data.id), {
    connection: connection(),
    concurrency: Number(process.env.COMPARE_SLOTS),
  });
  worker.on("error", (error) => console.error(String(error)));
  process.once("SIGTERM", async () => {
    await worker.close();
    process.exit(0);
  });
  const replies = new Redis(connection());
  const orders = new Redis(connection());
  orders.on("message", async (_channel, order) => {
    await (order === "pause" ? worker.pause() : worker.resume());
    await replies.rpush("obeyed", order);
  });
  await orders.subscribe("orders");
  await worker.waitUntilReady();
  console.log("ready");
}

main();
