/** `/settings/organization`: its name and limits, each with the installation's bound beside it. */
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client";
import { useTitle } from "../../ui/title";
import { Reading } from "../acting/reading";
import { useConfig } from "../entry/config";
import { OrganizationForm } from "./organization/form";

export default function Organization() {
  useTitle("Organization");
  const config = useConfig();
  const organization = useQuery({
    queryKey: ["organization"],
    queryFn: ({ signal }) => answer(api.GET("/api/organization", { signal })),
  });
  return (
    <>
      <h1>Organization</h1>
      <Reading of={config} rows={4}>
        {({ limits, accounts }) => (
          <Reading of={organization} rows={4}>
            {({ organization: settings }) => (
              <OrganizationForm settings={settings} limits={limits} isHere={accounts === "here"} />
            )}
          </Reading>
        )}
      </Reading>
    </>
  );
}
