// Writes src/api/schema.d.ts from the OpenAPI document of a running hub: SUAN_HUB, or the hub of
// SUAN_BIN started for this. With --check it only says whether the file is up to date.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import openapiTS, { astToString } from "openapi-typescript";

const target = new URL("../src/api/schema.d.ts", import.meta.url).pathname;
const program =
  process.env.SUAN_BIN ?? new URL("../../build/release/bin/suan", import.meta.url).pathname;

async function document_of_own_hub() {
  const folder = mkdtempSync(join(tmpdir(), "suan-types-"));
  const port_file = join(folder, "port");
  const hub = spawn(
    program,
    ["hub", "run", "--data", join(folder, "data"), "--listen", "127.0.0.1:0", "--port-file", port_file],
    { stdio: "ignore" },
  );
  try {
    while (!existsSync(port_file)) {
      if (hub.exitCode !== null) throw new Error(`${program} ended with ${hub.exitCode}`);
      await pause(50);
    }
    const port = readFileSync(port_file, "utf8").trim();
    return await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json();
  } finally {
    hub.kill("SIGTERM");
    await new Promise((done) => (hub.exitCode === null ? hub.once("exit", done) : done()));
    rmSync(folder, { recursive: true });
  }
}

const hub = process.env.SUAN_HUB;
const document = hub
  ? await (await fetch(`${hub}/openapi.json`)).json()
  : await document_of_own_hub();
document.paths = {}; // messages alone: the console writes its paths out
const text =
  "// Made by `npm run types` from the hub's /openapi.json. Do not edit.\n\n" +
  astToString(await openapiTS(document));
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/api/schema.d.ts is not what the hub says: run `npm run types` in web/");
    process.exit(1);
  }
  console.log("the types are those of the hub");
} else {
  writeFileSync(target, text);
  console.log(`wrote ${target}`);
}
