/** Tests and artifacts where there are none: what to set, ready to paste. */
import { Empty } from "../../ui/empty";

const TITLES = { tests: "No report of tests", artifacts: "No artifacts" };
const SETTING = '"config": {"artifacts": ["reports/**/*.xml", "test-results/**"]}';

export function NoResults({ of }: { of: "tests" | "artifacts" }) {
  return (
    <Empty title={TITLES[of]}>
      <p>
        No report: set <code>config.artifacts</code> in the request to what the command writes.
      </p>
      <pre>{SETTING}</pre>
    </Empty>
  );
}
