/** The download of an attempt's output as text. */
import { useMutation } from "@tanstack/react-query";
import { download } from "../../api/client";
import { failed } from "./failed";
import { save } from "./save";

export function useDownload(taskId: string, attempt: number): { run: () => void; busy: boolean } {
  const path = `/api/executions/${encodeURIComponent(taskId)}/logs?format=text&attempt=${attempt}`;
  const mutation = useMutation({
    mutationFn: () => download(path),
    onSuccess: (blob) => save(blob, `${taskId}-${attempt}.txt`),
    onError: (error) => failed("The output could not be downloaded", error, () => mutation.mutate()),
  });
  return { run: mutation.mutate, busy: mutation.isPending };
}
