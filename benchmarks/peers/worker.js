// node worker.js COLLECTOR_URL IMAGE COMMAND...: the worker of the system that Runcast replaces. It runs a container and posts each
// piece of its output by itself, without a number and without waiting for the one before; what fails is forgotten.
const { spawn } = require("child_process");

const [url, image, ...command] = process.argv.slice(2);

const container = spawn("docker", ["run", "--rm", image, ...command]);
container.stdout.setEncoding("utf8");
container.stdout.on("data", (log) => {
  const body = JSON.stringify({ taskId: "t", log, organizationId: "watched" });
  fetch(`${url}/executions/log`, { method: "POST", headers: { "Content-Type": "application/json" }, body })
    .then((response) => response.text())
    .catch(() => {});
});
