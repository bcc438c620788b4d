/** The calls of the api that one attempt's output is read by, with what they answer checked. */

import { type Read, statusOf } from "./reading";
import { type AttemptKey, indexOf, type LogIndex, type LogPage, pageOf } from "./wire";

const NOT_FOUND = 404;

/** All of it raises what reading raises, and where the answer is something else. */
export class Reader {
  private readonly path: string;

  /** `gone` is called when there is no such execution any more. */
  constructor(
    private readonly key: AttemptKey,
    private readonly read: Read,
    private readonly signal: AbortSignal,
    private readonly gone: () => void,
  ) {
    this.path = `/api/executions/${encodeURIComponent(key.taskId)}/logs`;
  }

  /** The numbers of lines of the chunks after one. */
  async index(after: number): Promise<LogIndex> {
    const index = indexOf(await this.get("/index", { after: String(after) }), this.key);
    if (!index) throw new Error("the server answered with something else than an index");
    return index;
  }

  async page(query: Readonly<Record<string, string>>): Promise<LogPage> {
    const page = pageOf(await this.get("", query), this.key);
    if (!page) throw new Error("the server answered with something else than output");
    return page;
  }

  /** The chunks after one, as they are answered. */
  after(after: number, limit: number): Promise<unknown> {
    return this.get("", { after: String(after), limit: String(limit) });
  }

  private async get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    try {
      return await this.read(this.path + path, { attempt: String(this.key.attempt), ...query }, this.signal);
    } catch (error) {
      if (statusOf(error) === NOT_FOUND) this.gone();
      throw error;
    }
  }
}
