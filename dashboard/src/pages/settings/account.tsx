/** `/settings/account`: where one is logged in, one's password, and what one prefers in this browser. */
import { useTitle } from "../../ui/title";
import { Reading } from "../acting/reading";
import { useConfig } from "../entry/config";
import { PasswordForm } from "./account/password-form";
import { PreferencesForm } from "./account/preferences-form";
import { Sessions } from "./account/sessions";

export default function Account() {
  useTitle("Account");
  const config = useConfig();
  return (
    <>
      <h1>Account</h1>
      <Reading of={config} rows={3}>
        {({ accounts }) =>
          accounts === "here" ? (
            <>
              <Sessions />
              <PasswordForm />
            </>
          ) : (
            <p>An identity provider keeps your account: its sessions and its password are there.</p>
          )
        }
      </Reading>
      <PreferencesForm />
    </>
  );
}
