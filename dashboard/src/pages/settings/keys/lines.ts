/** Lines for a shell that use a key. Nothing in them but the key and the origin is from anybody's input. */
import type { components } from "../../../api/schema";

type Made = Pick<components["schemas"]["NewKeyAnswer"], "kind" | "role" | "pools" | "images">;

/** What the command line, clients and the line below read. */
export function environment(origin: string, secret: string): string {
  return `RUNCAST_URL=${origin}\nRUNCAST_TOKEN=${secret}`;
}

/** A first call, with the environment set, that a key of its kind and role may make. */
export function example({ kind, role, pools = [], images = [] }: Made): string {
  if (kind === "worker-key") {
    return called("/executions/update", { taskId: "my-execution", status: "RUNNING" });
  }
  if (role === "viewer") return 'curl "$RUNCAST_URL/api/executions" -H "Authorization: Bearer $RUNCAST_TOKEN"';
  const [pool] = pools;
  return called("/api/execution-request", {
    image: imageOf(images),
    command: "echo hello",
    ...(pool ? { config: { pool } } : {}),
  });
}

/** Returns an image that a scope allows; one that is named whole rather than one of a pattern. */
function imageOf(images: readonly string[]): string {
  const [first = "*"] = [...images.filter((each) => !each.endsWith("*")), ...images];
  if (first === "*") return "alpine:3";
  return first.endsWith("/*") ? first.replace("*", "image") : first.replace("*", "");
}

function called(path: string, body: object): string {
  return `curl "$RUNCAST_URL${path}" -H "Authorization: Bearer $RUNCAST_TOKEN" \\
  -d '${JSON.stringify(body)}'`;
}
