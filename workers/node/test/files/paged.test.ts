import { create, toBinary } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { paged } from "../../src/files/paged.js";
import { FileEntrySchema, FileErrorCode, FileResultSchema } from "../../src/proto/worker_pb.js";

const MESSAGE_BYTES = 256 << 10;

test.each([0, 1, 30, 1000])("a result with %i entries of long paths comes in parts that fit", (count) => {
  const entries = Array.from({ length: count }, (_, mode) =>
    create(FileEntrySchema, { path: Buffer.alloc(4096, "p"), linkTarget: Buffer.alloc(4096, "l"), mode }),
  );
  const error = { code: FileErrorCode.NO_SPACE };
  const parts = paged(create(FileResultSchema, { entries, error, truncated: true }));
  expect(parts.flatMap((part) => part.entries)).toEqual(entries);
  expect(parts.every((part) => toBinary(FileResultSchema, part).length < MESSAGE_BYTES)).toBe(true);
  expect(parts.map(({ truncated }) => truncated)).toEqual([...parts.slice(1).map(() => false), true]);
  expect(parts.at(-1)?.error?.code).toBe(FileErrorCode.NO_SPACE);
});
