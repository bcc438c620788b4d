/** No such execution in this organization, with a way to look for it. */
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useSession } from "../../live/use-session";
import { Button } from "../../ui/button";
import { Empty } from "../../ui/empty";
import { Field } from "../../ui/field";

export function Missing() {
  const { organization } = useSession();
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const search = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ to: "/executions", search: text ? { q: text } : {} });
  };
  return (
    <Empty title={`No such execution in ${organization.name ?? organization.id}`}>
      <p>It was deleted, or it belongs to another organization.</p>
      <form className="execution-search" onSubmit={search}>
        <Field
          label="Search the executions"
          type="search"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit">Search</Button>
      </form>
    </Empty>
  );
}
