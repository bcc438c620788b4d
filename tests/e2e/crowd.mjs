// Many dashboards with the official client, unmodified, in one process. Prints each thing that happens to one of them as a
// JSON line: [number, what, arguments]. Lines on standard input are commands: [number, method, arguments].
// Usage: node crowd.mjs URL COUNT '{"auth": …, "transports": […]}'
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, count, text] = process.argv.slice(2);
const options = { reconnectionDelay: 50, reconnectionDelayMax: 200, forceNew: true, ...JSON.parse(text) };

function open(number) {
  const say = (what, ...args) => process.stdout.write(JSON.stringify([number, what, args]) + "\n");
  const socket = io(url, options);
  socket.on("connect", () => say("connect", socket.recovered, socket._pid ?? null, socket.io.engine.transport.name));
  socket.on("disconnect", (reason) => say("disconnect", reason));
  socket.on("connect_error", (error) => say("connect_error", error.message, error.data?.code ?? null));
  socket.onAny((name, ...args) => say(name, ...args));
  socket.io.on("open", () => socket.io.engine.on("upgrade", (transport) => say("upgrade", transport.name)));
  socket.ask = (name, argument) => socket.emit(name, argument, (answer) => say("answer", answer));
  socket.adopt = (pid, offset) => Object.assign(socket, { _pid: pid, _lastOffset: offset });
  return socket;
}

const sockets = Array.from({ length: Number(count) }, (_, number) => open(number));
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [number, method, args] = JSON.parse(line);
    sockets[number][method](...args);
  })
  .on("close", () => process.exit(0));
