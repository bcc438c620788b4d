/** Offers to reload where the server has a newer page; looked at whenever the link comes back. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { isOutdated } from "../../api/build";
import { link } from "../../live/link";
import { onWake } from "../../live/wake";
import { Button } from "../../ui/button";

export function NewVersion() {
  const { data: outdated, refetch } = useQuery({
    queryKey: ["outdated"],
    queryFn: isOutdated,
    initialData: false,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  useEffect(() => {
    const stops = [link.onJoined((recovered) => recovered || void refetch()), onWake(() => void refetch())];
    return () => {
      for (const stop of stops) stop();
    };
  }, [refetch]);
  if (!outdated) return null;
  return (
    <p className="new-version" role="status">
      A newer version of this page is here. What you see stays; nothing is lost by reloading.{" "}
      <Button onClick={() => location.reload()}>Reload</Button>
    </p>
  );
}
