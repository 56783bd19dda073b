// The console against a real hub with real jobs. `node e2e/run.mjs [NAME]` runs one scenario.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { axe, launch, signIn } from "./browser.mjs";
import { Hub, program, until } from "./hub.mjs";

const hub = new Hub();
const scenarios = [];
const scenario = (name, run) => scenarios.push({ name, run });
let browser;

const pages = ["/", "/map", "/jobs", "/jobs?sort=-devices", "/submit", "/submit?app=", "/submit?app=quantum-run", "/money", "/money?tab=vouchers", "/money?tab=charges", "/money?tab=invoices", "/shares", "/log", "/operator", "/operator?tab=members", "/operator?tab=prices", "/operator?tab=nodes", "/operator?tab=audit", "/operator?tab=trail"];
const settled = (page) => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".skeleton"));
// Chooses an option of one of Ant Design's selects.
async function pick(page, id, option) {
  await page.locator(id).click({ force: true });
  await page.locator(".ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option", { hasText: option }).first().click();
}
const text = (page, selector) => page.locator(selector).first().innerText();

scenario("each role signs in and sees its pages", async () => {
  for (const [who, operator, submit] of [["operator", true, true], ["audit", true, false], ["deepriver.ann", true, true], ["deepriver.lin", false, true]]) {
    const page = await signIn(browser, hub, who);
    await settled(page);
    assert.equal(await page.locator('.side a[href="/operator"]').count(), operator ? 1 : 0, `${who} and the operator's page`);
    assert.equal(await page.locator('.side a[href="/submit"]').count(), submit ? 1 : 0, `${who} and submitting`);
    await page.waitForSelector('.live[data-state="live"]');
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});

scenario("a one-time link signs in once; a wrong token and a stranger do not get in", async () => {
  const page = await signIn(browser, hub, null);
  await page.goto(`${hub.url}/jobs?state=running`);
  await page.waitForURL(/\/signin\?next=/);
  await page.fill("#token", "wrong");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  const { path } = await hub.api("deepriver.lin", "POST", "/v1/session/code");
  await page.goto("about:blank");
  await page.goto(hub.url + path);
  await page.waitForSelector(".side .who");
  assert.match(await text(page, ".who"), /lin/);
  assert.ok(!page.url().includes("code="), "the code does not stay in the address");
  const cookie = (await page.context().cookies())[0];
  assert.ok(cookie.httpOnly && cookie.sameSite === "Strict");
  assert.equal(await page.evaluate(() => document.cookie), "");
  await page.click("[data-test=signout]");
  await page.waitForURL(/\/signin/);
  await page.goto("about:blank");
  await page.goto(hub.url + path);
  assert.match(await text(page, "[role=alert]"), /used or is too old/);
  await page.context().close();
});

scenario("a job is submitted by the form, watched, searched, cloned", async () => {
  const page = await signIn(browser, hub, "deepriver.lin");
  await page.click('.side a[href="/submit"]');
  await page.fill("#f-name", "e2e <img src=x onerror=alert(1)>");
  await pick(page, "#f-pool", "cpu");
  await page.fill("#f-walltime", "soon");
  await page.waitForSelector(".wrong");
  assert.ok(await page.locator("[data-test=submit]").isDisabled(), "what is wrong is not sent");
  await page.fill("#f-walltime", "5m");
  await page.fill("#f-script", `#!/bin/sh\nfor i in 1 2 3; do echo "step $i: loss=0.$((9 - i))"; done\necho "<script>alert(2)</script> needle"\nsleep 2\necho 'suan-progress {"fraction":0.5,"message":"half"}'\nsleep 1\necho the-end\n`);
  assert.equal(await text(page, "[data-test=most]"), "0.30");
  await page.click("[data-test=submit]");
  await page.waitForURL(/\/jobs\/\d+$/);
  await page.waitForSelector('.tag[data-state="running"]');
  await page.waitForSelector("text=needle");
  await page.waitForSelector("text=the-end");
  await page.waitForSelector('.tag[data-state="completed"]');
  await page.waitForSelector("svg text:has-text('loss')");
  await page.getByLabel("Search in the output").fill("NEEDLE");
  await page.waitForSelector("mark");
  assert.equal(await text(page, "mark"), "needle");
  assert.equal(await page.locator(".log script, .page img").count(), 0, "output and names are text");
  await page.click("text=Resubmit");
  await page.waitForURL(/\/submit$/);
  assert.match(await page.inputValue("#f-name"), /^e2e <img/);
  assert.match(await page.inputValue("#f-script"), /needle/);
  await page.getByText("YAML", { exact: true }).click();
  await page.fill("#yaml", "name: a\nwalltme: 1h\n");
  assert.match(await text(page, "#yaml-faults"), /Line 2.*walltime/);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("the files of a job are listed, and a large one comes whole in pieces", async () => {
  const script = "#!/bin/sh\nmkdir -p out/算\necho '{}' >result.json\nprintf '<b>x</b>' >'out/算/<img src=x>.html'\nhead -c 9000001 /dev/zero | tr '\\0' 'z' >big.bin\nln -s /etc/passwd link\n";
  const id = await hub.job("deepriver.lin", { name: "leaves files", walltime_ms: 60_000, script });
  await hub.stateOf("deepriver.lin", id, "completed");
  const page = await signIn(browser, hub, "deepriver.lin");
  await page.goto(`${hub.url}/jobs/${id}`);
  await page.waitForSelector("[data-test=files] td");
  assert.deepEqual(await page.locator("[data-test=files] tbody td:first-child").allInnerTexts(), ["big.bin", "out/算/<img src=x>.html", "result.json"]);
  assert.match(await text(page, "section[aria-label=Files]"), /8\.5 MiB[\s\S]*1 names are not offered/);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download big.bin" }).click()]);
  assert.equal(download.suggestedFilename(), "big.bin");
  const file = join(hub.folder, "big");
  await download.saveAs(file);
  const bytes = readFileSync(file);
  assert.ok(bytes.length === 9_000_001 && bytes.every((byte) => byte === 122), "all pieces, in order");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
  const colleague = await signIn(browser, hub, "deepriver.ann");
  await colleague.goto(`${hub.url}/jobs/${id}`);
  await colleague.waitForSelector("[data-test=files] td");
  await colleague.context().close();
  const auditor = await signIn(browser, hub, "audit");
  await auditor.goto(`${hub.url}/jobs/${id}`);
  await auditor.waitForSelector("section[aria-label=Files] [role=alert]");
  await auditor.context().close();
});

scenario("an app submitted by its form is the job that the command line submits", async () => {
  const qasm = join(hub.folder, "bell's $(x).qasm");
  writeFileSync(qasm, "OPENQASM 3; qubit[2] q; h q[0];\n");
  const said = hub.cli("deepriver.lin", ["app", "submit", "quantum-run", "--param", `program=${qasm}`, "--param", "shots=7", "--param", "backend=line20", "--pool", "cpu", "--walltime", "5m"]);
  const byCli = Number(/Job (\d+) accepted/.exec(said)[1]);
  const page = await signIn(browser, hub, "deepriver.lin");
  await page.goto(`${hub.url}/submit`);
  await page.getByText("Apps", { exact: true }).click();
  await page.locator("[data-test=apps] button", { hasText: "quantum-run" }).click();
  await page.waitForURL(/app=quantum-run/);
  assert.ok(await page.locator("[data-test=submit]").isDisabled(), "a required file is missing");
  await page.setInputFiles("input[type=file]", qasm);
  await page.fill("#p-quantum-run-shots", "0");
  await page.waitForSelector(".wrong");
  assert.ok(await page.locator("[data-test=submit]").isDisabled(), "out of range");
  await page.fill("#p-quantum-run-shots", "7");
  await pick(page, "#p-quantum-run-backend", "line20");
  await pick(page, "#a-pool", "cpu");
  await page.fill("#a-walltime", "5m");
  assert.equal(await text(page, "[data-test=most]"), "0.30");
  await page.click("[data-test=show-job]");
  assert.match(await text(page, "[data-test=app-job]"), /--shots=7/);
  await page.click("[data-test=submit]");
  await page.waitForURL(/\/jobs\/\d+$/);
  const byForm = Number(page.url().split("/").pop());
  const own = ({ name, org, project, member, pool, tier, tasks, devices_per_task, milli_per_device, walltime_ms, price_line, has_payload, payload_sm3 }) => ({ name, org, project, member, pool, tier, tasks, devices_per_task, milli_per_device, walltime_ms, price_line, has_payload, payload_sm3 });
  const [one, two] = await Promise.all([byCli, byForm].map((id) => hub.api("deepriver.lin", "GET", `/v1/jobs/${id}`)));
  assert.notEqual(one.id, two.id);
  assert.deepEqual(own(two), own(one));
  const [a, b] = await Promise.all([byCli, byForm].map((id) => hub.api("deepriver.lin", "GET", `/v1/jobs/${id}/payload`)));
  assert.ok(a.payload.script.includes("base64 -d") && a.payload.argv.includes("in/0001-bell_s___x_.qasm"));
  assert.deepEqual(b.payload, a.payload);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("why another waits; a share is reclaimed and the borrower preempted", async () => {
  const script = "#!/bin/sh\ntrap 'exit 0' TERM\nwhile :; do sleep 0.2; done\n";
  const borrower = await hub.job("starbridge.bo", { name: "borrower", tasks: 4, tier: "spot", bid_micro_yuan: 2_000_000, script, walltime_ms: 3_600_000, retries: 0, grace_ms: 1_000 });
  await hub.stateOf("starbridge.bo", borrower, "running");
  const page = await signIn(browser, hub, "starbridge.eve");
  const waiting = await hub.job("starbridge.bo", { name: "waits", tasks: 2, tier: "spot", bid_micro_yuan: 2_000_000, walltime_ms: 60_000 });
  await page.goto(`${hub.url}/jobs/${waiting}`);
  await page.waitForSelector("[data-test=reasons] td");
  assert.match(await text(page, "[data-test=reasons]"), /Resources|Priority|free devices/);
  await page.goto(`${hub.url}/jobs/${borrower}`);
  await page.waitForSelector('.tag[data-state="running"]');
  const owner = await hub.job("deepriver.lin", { name: "owner", tasks: 3, tier: "reserved", script: "#!/bin/sh\nsleep 1\n", walltime_ms: 60_000 });
  await page.waitForSelector("text=/Preempted|told to stop: preempted/");
  await hub.stateOf("deepriver.lin", owner, "completed");
  await hub.api("starbridge.bo", "POST", `/v1/jobs/${borrower}/cancel`, {});
  await page.waitForSelector('.tag[data-state="cancelled"]');
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("a voucher pays, the bill is checked, a tampered proof fails", async () => {
  const operator = await signIn(browser, hub, "operator");
  await operator.goto(`${hub.url}/operator?tab=vouchers`);
  await pick(operator, "#v-org", "northlight");
  await operator.fill("#v-funder", "Province");
  await operator.fill("#v-amount", "500.50");
  await operator.locator("button.ant-btn-primary").click();
  await operator.waitForSelector("text=/Voucher \\d+ is issued/");
  const id = await hub.job("northlight.max", { name: "paid by voucher", script: "#!/bin/sh\nsleep 1\n", walltime_ms: 60_000 });
  await hub.stateOf("northlight.max", id, "completed");
  const page = await signIn(browser, hub, "northlight.max");
  await page.goto(`${hub.url}/money?tab=charges&job=${id}`);
  await page.waitForSelector("[role=cell]:has-text('voucher')");
  await page.goto(`${hub.url}/money?tab=vouchers`);
  await page.waitForSelector("text=500.50");
  await operator.goto(`${hub.url}/operator?tab=orgs`);
  await operator.locator("[role=row]:has-text('northlight') button:has-text('Close an invoice')").click();
  await until("there is an invoice", async () => (await hub.api("northlight.max", "GET", "/v1/invoices")).invoices.length > 0);
  const invoice = (await hub.api("northlight.max", "GET", "/v1/invoices")).invoices[0];
  await until("its block is closed", async () => Number((await hub.api("operator", "GET", "/v1/log/head")).last_block_seq) >= Number(invoice.seq));
  await page.goto(`${hub.url}/money/invoices/${invoice.id}`);
  await page.click("[data-test=check]");
  await page.waitForSelector("[data-test=verdict]");
  assert.match(await text(page, "[data-test=verdict]"), /follows from the log/, await text(page, "[data-test=steps]"));
  assert.equal(await page.locator('[data-test=steps] li[data-state="good"]').count(), 6);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-test=bundle]")]);
  const file = join(hub.folder, "bill");
  await download.saveAs(file);
  const bytes = readFileSync(file);
  for (const at of [50, bytes.length >> 1, bytes.length - 5]) {
    const changed = Buffer.from(bytes);
    changed[at] ^= 1;
    writeFileSync(`${file}.bad`, changed);
    await page.setInputFiles("input[type=file]", `${file}.bad`);
    await page.waitForSelector('[data-test=verdict][data-tone="bad"]');
    await page.setInputFiles("input[type=file]", file);
    await page.waitForSelector('[data-test=verdict][data-tone="good"]');
  }
  assert.deepEqual([...page.complaints, ...operator.complaints], []);
  await page.context().close();
  await operator.context().close();
});

scenario("a price sheet shows what it would have changed, and waits for its time", async () => {
  const id = await hub.job("starbridge.bo", { name: "priced", script: "#!/bin/sh\nsleep 2\n", walltime_ms: 60_000 });
  await hub.stateOf("starbridge.bo", id, "completed");
  const page = await signIn(browser, hub, "operator");
  await page.goto(`${hub.url}/operator?tab=prices`);
  await page.click("[data-test=new-sheet]");
  await page.fill("#sheet-name", "dearer");
  await page.getByLabel("cpu Standard", { exact: true }).fill("7.2");
  await page.waitForSelector('[data-test=impact][aria-busy="false"]');
  const { charges, was_micro_yuan: was, would_be_micro_yuan: would } = await hub.api("operator", "POST", "/v1/prices/whatif", { lines: [{ pool: "cpu", tier: "standard", micro_yuan_per_device_hour: 7_200_000 }] });
  assert.ok(charges > 0 && would > was, `${charges} charges, ${was} to ${would}`);
  assert.match(await text(page, "[data-test=impact]"), /starbridge/);
  const shown = (await text(page, "[data-test=impact]")).replaceAll(",", "");
  assert.ok(shown.includes(`${(would / 1e6).toFixed(6).replace(/0{1,4}$/, "")} CNY`), `${would} in: ${shown}`);
  assert.equal((await hub.api("operator", "GET", "/v1/prices")).sheets.length, 1, "nothing was published");
  const soon = new Date(Date.now() + 36e5);
  const local = new Date(soon - soon.getTimezoneOffset() * 6e4).toISOString().slice(0, 16);
  await page.fill("#sheet-from", local);
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("[data-test=rules-file]")]);
  const file = join(hub.folder, "rules.yaml");
  await download.saveAs(file);
  assert.match(execFileSync(program, ["rules", "check", file], { encoding: "utf8" }), /is right/);
  await page.click("[data-test=publish]");
  await page.waitForSelector("[data-test=scheduled]");
  const [version] = (await hub.api("operator", "GET", "/v1/rules")).rules;
  assert.deepEqual([version.name, version.state, version.prices], ["dearer", "scheduled", 1]);
  await page.click("[data-test=new-sheet]");
  await page.fill("#sheet-name", "ledgers");
  await page.getByLabel("Ledger: transfers", { exact: true }).fill("0.5");
  await page.click("[data-test=publish]");
  await page.waitForSelector("text=CNY per 1,000 transfers");
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("what operators did is a trail that they read, newest first", async () => {
  await hub.api("operator", "POST", "/v1/nodes/state", { nodes: ["n300"], state: "draining", reason: "fan" });
  const page = await signIn(browser, hub, "operator");
  await page.goto(`${hub.url}/operator?tab=audit`);
  await page.waitForSelector("[data-test=entries] td");
  assert.match(await text(page, "[data-test=entries] tbody tr"), /State of nodes/);
  await page.locator("[data-test=entries] tbody button").first().click();
  await page.waitForSelector(".ant-drawer pre:has-text('set_node_state')");
  await hub.api("operator", "POST", "/v1/nodes/state", { nodes: ["n300"], state: "open" });
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("a witness is seen, and its co-signature is checked in the page", async () => {
  const [key, data] = [join(hub.folder, "witness.pem"), join(hub.folder, "witness")];
  execFileSync(program, ["witness", "key", key]);
  const page = await signIn(browser, hub, "audit");
  await page.goto(`${hub.url}/log`);
  await page.waitForSelector("text=Nobody witnesses this log yet");
  hub.cli("operator", ["witness", "add", "academy", existsSync(`${key}.pub`) ? `${key}.pub` : key]);
  let witness;
  await until("a block after its registration is co-signed", async () => {
    hub.cli("audit", ["witness", "--key", key, "--data", data, "--once"]);
    [witness] = (await hub.api("audit", "GET", "/v1/witnesses")).witnesses;
    return Number(witness.last_block) > 0;
  });
  await page.reload();
  await page.waitForSelector("[data-test=witnesses] td:has-text('academy')");
  await page.goto(`${hub.url}/log?block=${witness.last_block}`);
  await page.click("[data-test=check-block]");
  await page.waitForSelector("[data-test=block-found] li:has-text('co-signed by academy')");
  assert.equal(await page.locator("[data-test=block-found] li:has-text('✗')").count(), 0);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

scenario("a lost connection is said, and nothing is missed when it is back", async () => {
  const page = await signIn(browser, hub, "deepriver.lin");
  await page.goto(`${hub.url}/jobs`);
  await settled(page);
  await page.waitForSelector('.live[data-state="live"]');
  await hub.stop();
  await page.waitForSelector("[data-test=lost]");
  await hub.start();
  const id = await hub.job("deepriver.lin", { name: "made-meanwhile", walltime_ms: 60_000 });
  await page.waitForSelector('.live[data-state="live"]');
  assert.equal(await page.locator("[data-test=lost]").count(), 0);
  await page.waitForSelector(`text=${id} · made-meanwhile`);
  await page.context().close();
});

scenario("the language is switched without a reload; Chinese comes first where the browser says so", async () => {
  const page = await signIn(browser, hub, "deepriver.lin", { locale: "zh-CN" });
  assert.equal(await text(page, "h1"), "总览");
  await page.evaluate(() => (window.stays = true));
  await page.click("[data-test=language]");
  await page.waitForSelector("h1:has-text('Overview')");
  assert.equal(await page.evaluate(() => window.stays), true);
  assert.equal(await page.getAttribute("html", "lang"), "en");
  await page.reload();
  await page.waitForSelector("h1:has-text('Overview')");
  await page.context().close();
});

scenario("3,920 devices and 5,000 waiting jobs", async () => {
  await hub.fill(Number(process.env.SUAN_JOBS ?? 5_000));
  const page = await signIn(browser, hub, "operator");
  await page.goto(`${hub.url}/map?pool=1000P`);
  await settled(page);
  await page.waitForSelector("canvas[data-draw-ms]");
  assert.match(await page.getAttribute("canvas", "aria-label"), /490 nodes with 3920 devices/);
  const box = await page.locator("canvas").boundingBox();
  const times = [];
  for (let i = 0; i < 40; i++) {
    await page.mouse.move(box.x + 20 + i * 12, box.y + 30 + i * 4);
    times.push(Number(await page.getAttribute("canvas", "data-draw-ms")));
  }
  const median = times.sort((a, b) => a - b)[20];
  console.log(`  a frame of the map takes ${median} ms (16.7 ms is 60 a second)`);
  assert.ok(median < 16.7, `a frame takes ${median} ms`);
  assert.ok(box.height < 720, "the whole pool is on one screen");
  await page.mouse.move(box.x + 22, box.y + 22);
  await page.waitForSelector("[data-test=tip]");
  await page.click("canvas", { position: { x: 4, y: 18 } });
  await page.waitForURL(/\/jobs\/\d+/);
  await page.goto(`${hub.url}/jobs?state=waiting`);
  await settled(page);
  const list = page.locator(".vlist");
  let seen = 0;
  await until("the whole queue was paged through", async () => {
    await list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    seen = Number(await list.getAttribute("aria-rowcount")) - 1;
    return /jobs$/.test(await text(page, "[data-test=loaded]")) && seen >= 4_000;
  });
  assert.ok((await page.locator(".vrow").count()) < 80, "only rows in sight exist");
  await page.getByRole("button", { name: /^Devices/ }).click();
  await page.waitForURL(/sort=-devices/);
  await page.waitForSelector('[role=columnheader][aria-sort="descending"]');
  await until("the largest come first, of all of them", async () => (await page.locator('.vrow[aria-rowindex="2"] [role=cell]').nth(5).innerText()) === "128");
  await page.getByRole("button", { name: /^Devices/ }).click();
  await until("the smallest come first", async () => (await page.locator('.vrow[aria-rowindex="2"] [role=cell]').nth(5).innerText()) === "1");
  console.log(`  ${seen} waiting jobs in the list`);
  assert.deepEqual(page.complaints, []);
  await page.context().close();
});

// The innermost elements that reach over the right edge.
const tooWide = () =>
  [...document.querySelectorAll("main *")]
    .filter((e) => e.getBoundingClientRect().right > window.innerWidth + 1 && ![...e.children].some((c) => c.getBoundingClientRect().right > window.innerWidth + 1))
    .map((e) => `${e.tagName}.${e.className} "${e.textContent.slice(0, 40)}"`)
    .slice(0, 4)
    .join("; ");

scenario("axe finds nothing serious on any page, light and dark, wide and narrow", async () => {
  const found = [];
  const job = await hub.job("deepriver.lin", { name: "looked at", walltime_ms: 60_000, script: "#!/bin/sh\necho step 1: loss=1\necho x >result.txt\n" });
  await hub.stateOf("deepriver.lin", job, "completed");
  await hub.api("operator", "POST", "/v1/invoices", { org: "deepriver" });
  for (const [colorScheme, width] of [["light", 1280], ["dark", 390]]) {
    const page = await signIn(browser, hub, "operator", { colorScheme, viewport: { width, height: 720 } });
    for (const path of [...pages, `/jobs/${job}`, "/money/invoices/1"]) {
      await page.goto(hub.url + path);
      await settled(page);
      for (const finding of await axe(page)) found.push(`${colorScheme} ${path}: ${finding}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (wide > 1) found.push(`${colorScheme} ${path}: ${wide} pixels too wide at ${width}: ${await page.evaluate(tooWide)}`);
    }
    for (const complaint of page.complaints) found.push(complaint);
    await page.context().close();
  }
  const page = await signIn(browser, hub, null);
  await page.goto(`${hub.url}/signin`);
  found.push(...(await axe(page)));
  await page.context().close();
  assert.deepEqual(found, []);
});

scenario("a keyboard is enough", async () => {
  const page = await signIn(browser, hub, "deepriver.lin");
  await settled(page);
  await page.keyboard.press("Tab");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /Skip/);
  const reached = new Set();
  for (let i = 0; i < 14; i++) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.dataset.test ?? ""));
  }
  for (const place of ["/jobs", "/submit", "/money", "language", "signout"]) assert.ok(reached.has(place), `${place} by Tab: ${[...reached]}`);
  await page.context().close();
});

scenario("who may not see says so; what is not there too", async () => {
  const page = await signIn(browser, hub, "deepriver.lin");
  await page.goto(`${hub.url}/operator`);
  await page.waitForSelector("text=Your role may not see this");
  const theirs = await hub.job("starbridge.bo", { name: "theirs", walltime_ms: 60_000 });
  for (const id of [theirs, 999_999_999]) {
    await page.goto(`${hub.url}/jobs/${id}`);
    await page.waitForSelector("text=Not found");
  }
  await page.context().close();
});

scenario("what fails says so on every page, and comes back when asked again", async () => {
  const page = await signIn(browser, hub, "operator");
  let broken = true;
  await page.route(/\/v1\/(?!whoami|events|session)/, (route) => (broken ? route.fulfill({ status: 422, contentType: "application/json", body: JSON.stringify({ error: { code: "invalid", message: "the hub's own words", what_to_do: "do this" } }) }) : route.continue()));
  const lacking = [];
  for (const path of pages) {
    if (path.startsWith("/submit") && !path.includes("app")) continue; // a form, with its own test
    await page.goto(hub.url + path);
    await page.waitForSelector(".page-head");
    await page.waitForFunction(() => !document.querySelector(".skeleton"));
    if (!(await page.locator("[role=alert]").count()) && path !== "/operator?tab=vouchers") lacking.push(`${path}: ${(await text(page, "main")).slice(0, 200)}`);
  }
  assert.deepEqual(lacking, []);
  await page.goto(`${hub.url}/jobs`);
  await page.waitForSelector("text=the hub's own words");
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForSelector(".vrow a, .empty");
  await page.context().close();
});

// Another page on this machine is of the same site, so that the browser sends the cookie along:
// what keeps it out is the header that it cannot set.
scenario("another origin's page can neither act, nor read, nor frame the console", async () => {
  const page = await signIn(browser, hub, "deepriver.ann");
  const jobs = (await hub.api("deepriver.ann", "GET", "/v1/jobs?limit=1")).jobs[0]?.id ?? 0;
  const evil = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<form method=post enctype=text/plain><input name='{\"pool\":\"cpu\",\"script\":\"#!/bin/sh\",\"name\":\"' value='forged\"}'></form>"));
  await new Promise((done) => evil.listen(0, "127.0.0.1", done));
  const there = `http://127.0.0.1:${evil.address().port}`;
  const other = await page.context().newPage();
  await other.goto(there);
  const tried = await other.evaluate(async (target) => {
    const body = JSON.stringify({ pool: "cpu", script: "#!/bin/sh\n", name: "forged" });
    const out = [];
    for (const [path, init] of [["/v1/jobs", { method: "POST", body, mode: "no-cors" }], ["/v1/jobs", { method: "POST", body, headers: { "X-Suan-Console": "1" } }], ["/v1/session/code", { method: "POST", mode: "no-cors" }], ["/v1/session", { method: "DELETE" }], ["/v1/whoami", {}]]) {
      out.push(await fetch(target + path, { credentials: "include", ...init }).then((answer) => answer.text(), () => ""));
    }
    return out;
  }, hub.url);
  assert.deepEqual(tried, ["", "", "", "", ""], "nothing is read");
  const form = other.waitForResponse((response) => response.url() === `${hub.url}/v1/jobs` && response.request().method() === "POST");
  await other.evaluate((target) => { document.forms[0].action = `${target}/v1/jobs`; document.forms[0].submit(); }, hub.url);
  assert.equal((await form).status(), 403, "a form of another origin");
  await other.waitForURL(`${hub.url}/v1/jobs`);
  await other.goto(there);
  await other.evaluate((target) => { document.body.innerHTML = `<iframe src="${target}/"></iframe>`; }, hub.url);
  await pause(1_000);
  const frame = other.frames().find((one) => one !== other.mainFrame());
  assert.ok(!(await frame?.evaluate(() => document.querySelector("#root") !== null).catch(() => false)), "the console is in nobody's frame");
  assert.equal((await hub.api("deepriver.ann", "GET", "/v1/jobs?limit=1")).jobs[0]?.id ?? 0, jobs, "no job was made");
  await page.reload();
  await page.waitForSelector(".side .who"); // still signed in
  for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"]) {
    await page.goto(`${hub.url}/signin?next=${encodeURIComponent(next)}`);
    await page.fill("#token", hub.token("deepriver.ann"));
    await page.keyboard.press("Enter");
    await page.waitForSelector(".side .who");
    assert.equal(new URL(page.url()).origin, hub.url, next);
  }
  assert.deepEqual(page.complaints, []);
  evil.close();
  await page.context().close();
});

scenario("no name, title, reason or note from outside is more than text, on any page", async () => {
  const evil = '<img src=x onerror=alert(1)>"><svg onload=alert(2)>{{constructor}}';
  const short = "<b onclick=alert(3)>x</b>";
  await hub.api("operator", "POST", "/v1/orgs", { name: "mallory", title: evil }).catch(() => hub.api("operator", "POST", "/v1/orgs", { name: "mallory" }));
  await hub.api("operator", "POST", "/v1/nodes/state", { nodes: ["n400"], state: "draining", reason: evil });
  await hub.api("operator", "POST", "/v1/vouchers", { org: "deepriver", funder: evil, contract: evil, micro_yuan: 1_000_000, expires_us: (Date.now() + 9e7) * 1_000 });
  await hub.api("operator", "POST", "/v1/funds", { org: "deepriver", micro_yuan: 1, note: evil });
  await hub.api("operator", "POST", "/v1/corrections", { org: "deepriver", micro_yuan: 1, reason: evil });
  const id = await hub.job("deepriver.lin", { name: evil.slice(0, 100), walltime_ms: 60_000, held: true });
  const ran = await hub.job("deepriver.lin", { name: short, walltime_ms: 60_000, script: `#!/bin/sh\necho '${evil}'\necho 'suan-progress {"fraction":0.4,"message":"${short}"}'\necho 'step 1: loss=1 ${short}=3'\nsleep 1\n` });
  await hub.stateOf("deepriver.lin", ran, "completed");
  await hub.api("deepriver.lin", "POST", `/v1/jobs/${id}/cancel`, { reason: evil });
  for (const who of ["operator", "deepriver.ann"]) {
    const page = await signIn(browser, hub, who);
    for (const path of [...pages, `/jobs/${id}`, `/jobs/${ran}`, `/jobs?name=${encodeURIComponent(evil)}`, `/log?block=${encodeURIComponent(evil)}`, `/submit?app=${encodeURIComponent(evil)}`, `/map?pool=${encodeURIComponent(evil)}`]) {
      await page.goto(hub.url + path);
      await page.waitForSelector(".page-head, [role=alert]");
      await page.waitForFunction(() => !document.querySelector(".skeleton"));
      assert.equal(await page.locator("main img, main [onclick], main [onload], main [onerror], main script").count(), 0, path);
    }
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }
});

scenario("the first page is small and soon there", async () => {
  const page = await signIn(browser, hub, "deepriver.lin");
  await settled(page);
  const context = page.context();
  const cold = await context.newPage();
  const scripts = new Map();
  cold.on("response", async (response) => {
    if (/\.js$/.test(new URL(response.url()).pathname)) scripts.set(response.url(), gzipSync(await response.body(), { level: 9 }).length);
  });
  const session = await context.newCDPSession(cold);
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const times = [];
  for (let i = 0; i < 3; i++) {
    await cold.goto(hub.url);
    await cold.waitForFunction(() => [...document.querySelectorAll(".figure b")].some((one) => /\d/.test(one.textContent)));
    times.push(await cold.evaluate(() => performance.now()));
    await pause(1_500);
  }
  const kilobytes = [...scripts.values()].reduce((sum, size) => sum + size, 0) / 1_000;
  console.log(`  script ${kilobytes.toFixed(1)} kB gzip (bar 250), first figures after ${times.map((ms) => ms.toFixed(0)).join(", ")} ms (bar 1500)`);
  assert.ok(kilobytes < 250, `${kilobytes} kB of script`);
  // Beside other work on the machine the time is told, not judged: SUAN_QUIET=1 judges it.
  if (process.env.SUAN_QUIET === "1") assert.ok(Math.min(...times) < 1_500);
  await context.close();
});

const only = process.argv[2];
let failed = 0;
try {
  await hub.start();
  browser = await launch();
  for (const { name, run } of scenarios) {
    if (only && !name.includes(only)) continue;
    const began = Date.now();
    try {
      await run();
      console.log(`passed: ${name} (${((Date.now() - began) / 1_000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED: ${name}\n${error.stack}`);
      for (const context of browser.contexts()) {
        for (const page of context.pages()) {
          console.log(`  at ${page.url()}: ${page.complaints ?? ""}`);
          if (process.env.SUAN_KEEP) await page.screenshot({ path: join(process.env.SUAN_KEEP, `failed-${failed}.png`) }).catch(() => {});
        }
        await context.close();
      }
    }
  }
} finally {
  await browser?.close();
  await hub.end();
}
process.exit(failed ? 1 : 0);
