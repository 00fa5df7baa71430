import { expect, test } from "vitest";
import { trustedBy } from "../../src/transport/enrollment.js";
import { settingsIn } from "../attempts.js";

const SETTINGS = settingsIn("/nowhere");

test("a token that lost its end is called damaged", () => {
  expect(trustedBy({ ...SETTINGS, enrollmentToken: "ble_1" })).toBe("");
  expect(() => trustedBy({ ...SETTINGS, enrollmentToken: "ble_1.MIIB" })).toThrow(/copy all of it/);
});
