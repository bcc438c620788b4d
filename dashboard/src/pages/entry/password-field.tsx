/** A field for a new password, with the installation's own bounds. */
import { Field } from "../../ui/field";
import { useConfig } from "./config";

export function NewPasswordField({ label = "Password" }: { label?: string }) {
  const { data } = useConfig();
  const [least, most] = [data?.limits.passwordMinLength ?? 10, data?.limits.passwordMaxLength ?? 1024];
  return (
    <Field
      label={label}
      name="password"
      type="password"
      autoComplete="new-password"
      required
      minLength={least}
      maxLength={most}
      hint={`At least ${least} characters; no common password, name or pattern.`}
    />
  );
}
