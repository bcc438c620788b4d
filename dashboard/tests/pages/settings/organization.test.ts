import { describe, expect, it } from "vitest";
import { changesOf } from "../../../src/pages/settings/organization/changes";

const settings = { organizationId: "o", name: "Acme", concurrencyLimit: 4 };
const fields = { name: "Acme", concurrencyLimit: "4", retentionDays: "", timeoutLimitSeconds: "" };

describe("what a form changes of an organization", () => {
  it("is nothing where nothing was changed", () => {
    expect(changesOf(fields, settings)).toEqual({});
  });

  it("is what was changed only, an emptied limit being the installation's", () => {
    expect(changesOf({ ...fields, name: " Acme 2 ", concurrencyLimit: "", retentionDays: "0" }, settings)).toEqual({
      name: "Acme 2",
      concurrencyLimit: null,
      retentionDays: 0,
    });
  });
});
