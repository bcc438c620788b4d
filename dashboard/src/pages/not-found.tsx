/** A URL that is none of the page's. */
import { Link } from "@tanstack/react-router";
import { Empty } from "../ui/empty";
import { useTitle } from "../ui/title";

export function NotFound() {
  useTitle("Not found");
  return (
    <Empty title="There is no such page">
      <p>
        Look at the address, or go to <Link to="/executions">the executions</Link>.
      </p>
    </Empty>
  );
}
