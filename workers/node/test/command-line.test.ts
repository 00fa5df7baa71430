import { expect, test } from "vitest";
import { HELP, parseCommandLine, UsageError } from "../src/command-line.js";

const LEAST = ["--server", "127.0.0.1:8011", "--name", "w", "--state", "/s"];

test("the least that has to be said is server, name and state", () => {
  expect(parseCommandLine(LEAST, {})).toEqual({
    action: "work",
    settings: {
      server: "127.0.0.1:8011",
      name: "w",
      stateDirectory: "/s",
      workDirectory: "/s/work",
      labels: {},
      capacity: 1000,
      enrollmentToken: undefined,
      caFile: undefined,
      tls: false,
      supervisor: "auto",
      onCrash: "continue",
      keepSeconds: 30 * 86_400,
      spoolBytes: 1 << 30,
    },
  });
});

test("labels repeat, and the token comes from the environment unless it is given", () => {
  const words = [...LEAST, "--label", "os=linux", "--label", "note=a=b"];
  const environment = { BUILDLEDGER_WORKER_TOKEN: "from-environment" };
  expect(parseCommandLine(words, environment)).toMatchObject({
    settings: { labels: { os: "linux", note: "a=b" }, enrollmentToken: "from-environment" },
  });
  expect(parseCommandLine([...words, "--token", "given"], environment)).toMatchObject({
    settings: { enrollmentToken: "given" },
  });
});

test("a supervisor is named, and what its commands do when the worker is killed", () => {
  const words = [...LEAST, "--supervisor", "/usr/bin/bl-run", "--on-crash", "kill"];
  expect(parseCommandLine(words, {})).toMatchObject({
    settings: { supervisor: "/usr/bin/bl-run", onCrash: "kill" },
  });
  expect(() => parseCommandLine([...LEAST, "--on-crash", "wait"], {})).toThrow(UsageError);
});

test("the server may be reached through a socket of this machine", () => {
  const words = ["--server", "unix:/run/ledger.sock", ...LEAST.slice(2)];
  expect(parseCommandLine(words, {})).toMatchObject({ settings: { server: "unix:/run/ledger.sock" } });
});

test.each([
  [["--name", "w", "--state", "/s"], "--server is missing"],
  [["--server", "host", ...LEAST.slice(2)], "isn't HOST:PORT"],
  [["--server", "host:99999", ...LEAST.slice(2)], "isn't HOST:PORT"],
  [[...LEAST, "--name", "-x"], "--name"],
  [[...LEAST, "--name", "a b"], "--name"],
  [[...LEAST, "--label", "=x"], "KEY=VALUE"],
  [[...LEAST, "--capacity", "many"], "whole number"],
  [[...LEAST, "--capacity", "0"], "at least 1"],
  [[...LEAST, "--spool-bytes", "0"], "at least 1"],
  [[...LEAST, "--nonsense"], "--nonsense"],
  [[...LEAST, "stray"], "stray"],
])("%j is refused: %s", (words, message) => {
  expect(() => parseCommandLine(words, {})).toThrow(UsageError);
  expect(() => parseCommandLine(words, {})).toThrow(message);
});

test("help names every option and fits a terminal", () => {
  expect(parseCommandLine(["--help"], {})).toEqual({ action: "help" });
  expect(HELP.split("\n").every((line) => line.length <= 80)).toBe(true);
});
