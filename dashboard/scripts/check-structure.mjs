// Fails when a folder of src/ imports one above it, when an export is used by no other file (a value: by tests only), or
// when a CSS class is used by no component or defined in no sheet. Cycles between files are found by Biome's noImportCycles.
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Who may import whom: only from a later line to an earlier one; folders of one line are strangers to each other. */
const LAYERS = [
  ["format"],
  ["state"],
  ["live"],
  ["api"],
  ["ui", "time", "log"],
  ["actions", "components", "session"],
  ["pages"],
  ["app"],
  ["main.tsx"],
];
const PAGES = "pages";

const root = fileURLToPath(new URL("../src/", import.meta.url));
const paths = (await readdir(root, { recursive: true })).map((name) => join(root, name));
const sources = paths.filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".d.ts"));
const { config } = ts.readConfigFile(join(root, "../tsconfig.json"), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, join(root, ".."));
const service = ts.createLanguageService({
  getScriptFileNames: () => sources,
  getScriptVersion: () => "1",
  getScriptSnapshot: (path) => {
    const text = ts.sys.readFile(path);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getCompilationSettings: () => options,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
});

const faults = [
  ...sources.flatMap(upwardImports),
  ...sources.flatMap(unusedExports),
  ...(await classFaults()),
];
for (const fault of faults) console.error(fault);
process.exit(faults.length > 0 ? 1 : 0);

function upwardImports(path) {
  const [folder] = parts(path);
  const own = layerOf(folder);
  if (own < 0)
    return [`src/${name(path)}: the folder ${folder} is in no layer of scripts/check-structure.mjs`];
  return ts
    .preProcessFile(ts.sys.readFile(path))
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName }) => join(path, "..", fileName))
    .filter((target) => {
      const [other, page] = parts(target);
      if (other !== folder) return layerOf(other) >= own;
      return folder === PAGES && page !== parts(path)[1];
    })
    .map((target) => `src/${name(path)}: may not import ${name(target)}`);
}

/** A type may be exported for a test alone, a value may not: tests use what the app uses. */
function unusedExports(path) {
  if (isTest(path)) return [];
  const file = service.getProgram().getSourceFile(path);
  const symbol = service.getProgram().getTypeChecker().getSymbolAtLocation(file);
  const exported = symbol ? service.getProgram().getTypeChecker().getExportsOfModule(symbol) : [];
  return exported
    .flatMap((each) => each.declarations ?? [])
    .filter((declaration) => declaration.getSourceFile() === file)
    .filter((declaration) => !isUsedElsewhere(path, declaration))
    .map((declaration) => {
      const label = ts.getNameOfDeclaration(declaration)?.getText() ?? "default";
      return `src/${name(path)}: the export ${label} is used by no other file`;
    });
}

function isUsedElsewhere(path, declaration) {
  const node = ts.getNameOfDeclaration(declaration) ?? declaration;
  const isType = ts.isTypeAliasDeclaration(declaration);
  const found = service.findReferences(path, node.getStart()) ?? [];
  const users = found.flatMap(({ references }) => references.map(({ fileName }) => fileName));
  return users.some((user) => user !== path && (isType || !isTest(user))) || isLazy(path);
}

/** Pages and dialogs are imported by a call, which counts as a use of all exports. */
function isLazy(path) {
  return sources.some((other) => ts.sys.readFile(other).includes(`import("${importName(other, path)}")`));
}

/** Classes whose names are composed, as in `is-${status}`, count as used; only plain names must be defined. */
async function classFaults() {
  const text = (await Promise.all(sources.map((path) => readFile(path, "utf8")))).join("\n");
  const plainNames = [...text.matchAll(/className="([^"]*)"/g)].flatMap(([, names]) => names.split(" "));
  const defined = new Map();
  for (const sheet of paths.filter((path) => path.endsWith(".css"))) {
    const css = (await readFile(sheet, "utf8")).replaceAll(/\/\*.*?\*\//gs, "");
    for (const [, each] of css.matchAll(/\.([a-z][\w-]*)/g)) defined.set(each, name(sheet));
  }
  const unused = [...defined].filter(([each]) => {
    const prefix = each.slice(0, each.lastIndexOf("-") + 1);
    const isComposed = prefix !== "" && text.includes(`${prefix}$\{`);
    return !isComposed && !new RegExp(`["\`\\s]${each}["\`\\s]`).test(text);
  });
  const undefinedNames = new Set(plainNames.filter((each) => !defined.has(each)));
  return [
    ...unused.map(([each, sheet]) => `src/${sheet}: the class ${each} is used by no component`),
    ...[...undefinedNames].map((each) => `the class ${each} is defined in no style sheet`),
  ];
}

function layerOf(folder) {
  return LAYERS.findIndex((layer) => layer.includes(folder));
}

function parts(path) {
  return name(path).split("/");
}

function name(path) {
  return relative(root, path).replaceAll(sep, "/");
}

function importName(from, to) {
  const found = relative(join(from, ".."), to).replaceAll(sep, "/");
  return found.startsWith(".") ? found : `./${found}`;
}

function isTest(path) {
  return /\.test\.tsx?$/.test(path);
}
