// A dashboard as ORIGINAL's users wrote it, with the official client; prints each thing that happens as a JSON line.
// Usage: node dashboard.mjs URL '{"auth": …, "transports": […], "emit": [[name, argument]…]}'
import { io } from "socket.io-client";

const [url, text] = process.argv.slice(2);
const { namespace = "", emit = [], ...options } = JSON.parse(text);
const say = (what, data) => process.stdout.write(JSON.stringify([what, data ?? null]) + "\n");
const socket = io(url + namespace, { reconnectionDelay: 100, reconnectionDelayMax: 200, ...options });

socket.on("connect", () => {
  say("connect", socket.id);
  for (const [name, argument] of emit) socket.emit(name, argument);
});
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", error.message));
socket.onAny((name, ...args) => say(name, args.length === 1 ? args[0] : args));
process.stdin.on("end", () => process.exit(0)).resume();
