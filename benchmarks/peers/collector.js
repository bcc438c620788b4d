// node collector.js PORT ROOM: the gateway of the system that Runcast replaces. Workers post output, and every socket gets it.
const { createServer } = require("http");
const { Server } = require("socket.io");

const [port, room] = process.argv.slice(2);

const http = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    const { taskId, log } = JSON.parse(body);
    io.to(room).emit("execution-log", { taskId, log });
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end('{"status": "ok"}');
  });
});
const io = new Server(http, { transports: ["websocket", "polling"] });
io.on("connection", (socket) => socket.join(room));
http.listen(Number(port), "127.0.0.1");
