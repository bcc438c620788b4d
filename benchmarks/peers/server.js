// node server.js ADAPTER PORT REDIS_URL ROOM: a Socket.IO server on which every socket joins the room.
const { createServer } = require("http");
const { Server } = require("socket.io");
const { serverOptions } = require("./adapters");

const [adapter, port, url, room] = process.argv.slice(2);

(async () => {
  const http = createServer();
  const io = new Server(http, await serverOptions(adapter, url));
  io.on("connection", (socket) => socket.join(room));
  http.listen(Number(port), "127.0.0.1", 4096);
})();
