// Divides the result of a file operation into pages that each fit into a message.
import { create, toBinary } from "@bufbuild/protobuf";
import { type FileEntry, FileEntrySchema, type FileResult, FileResultSchema } from "../proto/worker_pb.js";

// Of a message of 256 KiB, what entries may take; each of them may have two paths of 4 KiB.
const MOST_ENTRIES_BYTES = 200 << 10;
const ENTRY_OVERHEAD_BYTES = 8;

/**
 * The result of a file operation in parts that each fit into a message, with its entries in order.
 *
 * All that isn't an entry stands in the last part.
 */
export function paged(result: FileResult): FileResult[] {
  const pages: FileEntry[][] = [[]];
  let size = 0;
  for (const entry of result.entries) {
    const entryBytes = toBinary(FileEntrySchema, entry).length + ENTRY_OVERHEAD_BYTES;
    if (size > 0 && size + entryBytes > MOST_ENTRIES_BYTES) {
      pages.push([]);
      size = 0;
    }
    pages.at(-1)?.push(entry);
    size += entryBytes;
  }
  return pages.map((entries, index) =>
    index === pages.length - 1 ? { ...result, entries } : create(FileResultSchema, { entries }),
  );
}
