/** `/executions/new`: a dialog over the list that requests an execution, and shows how a terminal would. */
import { getRouteApi, useLocation, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { Dialog } from "../ui/dialog";
import { useTitle } from "../ui/title";
import { emptyDraft } from "./new/draft";
import { RequestForm } from "./new/request-form";

const route = getRouteApi("/frame/list/executions/new");

export default function New() {
  const { image = "", command = "" } = route.useSearch();
  const [open, setOpen] = useState(true);
  const goBack = useWayBack();
  useTitle("New execution");
  const close = () => {
    if (!open) return;
    setOpen(false);
    goBack();
  };
  return (
    <Dialog title="New execution" open={open} onClose={close}>
      <RequestForm begun={{ ...emptyDraft, image, command }} />
    </Dialog>
  );
}

/** Leads to the list as it was, whether it was left for this or never seen. */
function useWayBack(): () => void {
  const router = useRouter();
  const behind = useLocation({ select: ({ state }) => state.behind });
  return () => {
    if (behind && router.history.canGoBack()) router.history.back();
    else void router.navigate({ to: "/executions", search: behind ?? {}, replace: true });
  };
}
