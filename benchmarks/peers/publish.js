// node publish.js ADAPTER REDIS_URL: a second Socket.IO server, without sockets, that emits what it is told.
// Reads `publish FIRST COUNT RATE ORGANIZATION` from standard input and answers `published`; see publish.py for the rest.
const { createInterface } = require("readline");
const { Server } = require("socket.io");
const { serverOptions } = require("./adapters");

const TICK_MS = 2;
const [adapter, url] = process.argv.slice(2);
const log = "x".repeat(118);

const tick = () => new Promise((resolve) => setTimeout(resolve, TICK_MS));

async function publish(room, first, count, rate) {
  const startedAt = performance.now();
  for (let done = 0; done < count; ) {
    const due = rate ? Math.min(count, Math.floor(((performance.now() - startedAt) * rate) / 1000) + 1) : count;
    for (; done < due; done++) room.emit("execution-log", { taskId: String(first + done).padStart(9, "0"), log });
    if (done < count) await tick();
  }
}

(async () => {
  const io = new Server(await serverOptions(adapter, url));
  const lines = createInterface({ input: process.stdin });
  console.log("up");
  for await (const line of lines) {
    const [, first, count, rate, organization] = line.split(" ");
    await publish(io.to(`org:${organization}`), Number(first), Number(count), Number(rate));
    console.log("published");
  }
  process.exit(0);
})();
