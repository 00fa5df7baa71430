import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { WelcomeSchema } from "../../src/proto/worker_pb.js";
import { ServerSettings } from "../../src/runs/server-settings.js";

test("a Welcome sets sizes and times, within the limits of the protocol", () => {
  const settings = new ServerSettings();
  settings.update(
    create(WelcomeSchema, { chunkBytes: 1, flush: { seconds: 9n }, orphanTtl: { seconds: 7n } }),
  );
  expect(settings).toEqual({ chunkBytes: 4 << 10, flushSeconds: 5, orphanSeconds: 7 });
  settings.update(create(WelcomeSchema, { chunkBytes: 1 << 30, flush: {} }));
  expect(settings).toEqual({ chunkBytes: 240 << 10, flushSeconds: 0, orphanSeconds: 0 });
  settings.update(create(WelcomeSchema));
  expect(settings).toEqual(new ServerSettings());
});
