// `write` makes src/api/schema.d.ts from the server's OpenAPI document; `check` fails when they have drifted apart.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../buildledger/api/openapi.json", import.meta.url);
const types = new URL("../src/api/schema.d.ts", import.meta.url);
const header = "// Made by `npm run types` from buildledger/api/openapi.json. Never edited by hand.\n\n";

const wanted = header + astToString(await openapiTS(document));
if (process.argv[2] === "write") {
  await writeFile(types, wanted);
} else if ((await readFile(types, "utf8")) !== wanted) {
  console.error(
    `${fileURLToPath(types)} does not match buildledger/api/openapi.json: run \`npm run types\` and commit it.`,
  );
  process.exit(1);
}
