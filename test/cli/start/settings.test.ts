import { describe, expect, test } from "vitest";
import { givenSettings, settingNames, validateSettings } from "../../../src/cli/start/settings.ts";
import { UsageError } from "../../../src/node/command-line.ts";

const flags = (pairs: Record<string, string>) => new Map(Object.entries(pairs));

describe("the settings of a local hub", () => {
  test("their names are those that the hub reads", () => {
    expect(settingNames()).toEqual(expect.arrayContaining(["HUB_ID", "HUB_NAME", "NATS_URL", "RAW_RETENTION_HOURS"]));
    expect(settingNames().every((name) => /^[A-Z_]+$/.test(name))).toBe(true);
  });

  test("an environment variable named like a setting counts, a flag wins, others are left alone", () => {
    const environment = {
      HUB_ID: "from-environment",
      HUB_NAME: "kept",
      PATH: "/bin",
      PROBE_SECRET_DB: "s",
      HUB_URL: "",
    };
    expect(givenSettings({ environment, flags: flags({ HUB_ID: "from-flag", PROBE_SECRET_API: "t" }) })).toEqual({
      HUB_ID: "from-flag",
      HUB_NAME: "kept",
      PROBE_SECRET_DB: "s",
      PROBE_SECRET_API: "t",
    });
  });

  test("a flag for a setting that does not exist names the closest one", () => {
    const given = () => givenSettings({ environment: {}, flags: flags({ PROBE_VANTAGE: "weur" }) });
    expect(given).toThrow(UsageError);
    expect(given).toThrow("no setting is called PROBE_VANTAGE; did you mean PROBE_VANTAGES?");
  });

  test("a flag that is like no setting gets the list of them only", () => {
    const given = () => givenSettings({ environment: {}, flags: flags({ COLOUR: "red" }) });
    expect(given).toThrow(/is called COLOUR\nSettings: .*HUB_ID.*PROBE_SECRET_…/);
  });

  test("wrong values are named, right ones pass", () => {
    expect(() => validateSettings({ HUB_ID: "Not Right" })).toThrow(UsageError);
    expect(() => validateSettings({ HUB_ID: "Not Right" })).toThrow("HUB_ID: expected");
    expect(() => validateSettings({ HUB_ID: "right" })).not.toThrow();
    expect(() => validateSettings({ PROBE_VANTAGES: "weur, agent:dc-1" })).not.toThrow();
    for (const wrong of ["home", "agent:", "agent:Not Right", "weur,weur"]) {
      expect(() => validateSettings({ PROBE_VANTAGES: wrong })).toThrow(/PROBE_VANTAGES: expected .* or agent:NAME/);
    }
  });
});
