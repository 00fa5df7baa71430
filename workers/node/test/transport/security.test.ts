import { expect, test } from "vitest";
import { checkTransport, isLoopback, PlainTransportRefusedError } from "../../src/transport/security.js";
import { settingsIn } from "../attempts.js";

const SETTINGS = settingsIn("/nowhere");

test.each([
  ["127.0.0.1:1", true],
  ["127.9.9.9:1", true],
  ["[::1]:1", true],
  ["localhost:1", true],
  ["localhost.example:1", false],
  ["127.0.0.1.example:1", false],
  ["10.0.0.1:1", false],
])("%s is this machine: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("plain text goes to this machine only", () => {
  expect(() => checkTransport(SETTINGS, "ci.example.org:8011", "")).toThrow(PlainTransportRefusedError);
  expect(() => checkTransport({ ...SETTINGS, tls: true }, "ci.example.org:8011", "")).not.toThrow();
  expect(() => checkTransport(SETTINGS, "ci.example.org:8011", "an issuer")).not.toThrow();
  expect(() => checkTransport(SETTINGS, "127.0.0.1:8011", "")).not.toThrow();
});
