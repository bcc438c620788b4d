/** The details of an execution: its times, its attempts with what proves them, and the request. */
import type { ReactNode } from "react";
import { Status } from "../../ui/status";
import { Table } from "../../ui/table";
import { At, Elapsed } from "../../ui/time";
import type { Attempt, Detail } from "./attempts";
import { size } from "./output-words";

const COLUMNS = ["Attempt", "Status", "Started", "Took", "Exit code", "Error", "Output", "SHA-256"];

export function Details({ detail, attempts }: { detail: Detail; attempts: readonly Attempt[] }) {
  return (
    <div className="execution-details">
      <Facts detail={detail} />
      <h2>Attempts</h2>
      <Table label="Attempts" columns={COLUMNS}>
        {attempts.map((attempt) => (
          <AttemptRow key={attempt.number} attempt={attempt} />
        ))}
      </Table>
      <h2>Request</h2>
      <p>Values of the environment and secrets are never shown again.</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reached by keys */}
      <pre className="execution-request" tabIndex={0}>
        {JSON.stringify(detail.request, null, 2)}
      </pre>
    </div>
  );
}

function Facts({ detail }: { detail: Detail }) {
  const { taskId, source, requestedBy, pool, priority, maxAttempts, createdAt, startedAt, endedAt } = detail;
  return (
    <dl className="execution-facts">
      <Fact name="Id">{taskId}</Fact>
      <Fact name="Image">{detail.image}</Fact>
      <Fact name="Command">{detail.command}</Fact>
      <Fact name="Requested by">{requestedBy?.name ?? requestedBy?.userId}</Fact>
      <Fact name="Came by">{source}</Fact>
      <Fact name="Pool">{pool}</Fact>
      <Fact name="Priority">{priority}</Fact>
      <Fact name="Attempts at most">{maxAttempts}</Fact>
      <Fact name="Created">
        <At time={createdAt} />
      </Fact>
      <Fact name="Waited">{startedAt && <Elapsed from={createdAt} to={startedAt} />}</Fact>
      <Fact name="Started">{startedAt && <At time={startedAt} />}</Fact>
      <Fact name="Ended">{endedAt && <At time={endedAt} />}</Fact>
      <Fact name="Exit code">{detail.exitCode}</Fact>
      <Fact name="Error">{detail.error}</Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children?: ReactNode }) {
  if (children === undefined || children === null || children === "") return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

function AttemptRow({ attempt }: { attempt: Attempt }) {
  const { number, status, startedAt, endedAt, exitCode, error, end } = attempt;
  return (
    <tr>
      <td>{number}</td>
      <td>{status ? <Status status={status} /> : "Handed back"}</td>
      <td>{startedAt && <At time={startedAt} />}</td>
      <td>{startedAt && (endedAt || !attempt.isOver) && <Elapsed from={startedAt} to={endedAt} />}</td>
      <td>{exitCode}</td>
      <td>
        <bdi>{error}</bdi>
      </td>
      <td>{end ? `${linesOf(end.lines)}${size(end.bytes)}` : attempt.isOver && "not recorded"}</td>
      <td className="execution-hash">{end?.sha256}</td>
    </tr>
  );
}

function linesOf(lines: number | undefined): string {
  return lines === undefined ? "" : `${lines.toLocaleString("en")} lines, `;
}
