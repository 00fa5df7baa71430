// Makes src/proto/worker_pb.ts from the protocol's definition, or checks that it is what would be made.
//
//   node scripts/proto.mjs write|check
//
// The compiler is the one of the Python side's virtual environment, or the one that PROTOC names.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const repository = path.resolve(here, "../..");
const definitions = path.join(repository, "buildledger/grpc_protos");
const target = path.join(here, "src/proto/worker_pb.ts");

function generate() {
  const directory = mkdtempSync(path.join(tmpdir(), "buildledger-proto-"));
  const python = path.join(repository, ".venv/bin/python");
  const [program, ...first] = process.env.PROTOC
    ? [process.env.PROTOC]
    : [existsSync(python) ? python : "python3", "-m", "grpc_tools.protoc"];
  try {
    execFileSync(program, [
      ...first,
      `--proto_path=${definitions}`,
      `--plugin=protoc-gen-es=${path.join(here, "node_modules/.bin/protoc-gen-es")}`,
      `--es_out=${directory}`,
      "--es_opt=target=ts,import_extension=js",
      "worker/v1/worker.proto",
    ]);
    return readFileSync(path.join(directory, "worker/v1/worker_pb.ts"), "utf8");
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const text = generate();
if (process.argv[2] === "write") {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/proto/worker_pb.ts isn't what worker.proto makes: run `npm run proto`");
  process.exit(1);
}
