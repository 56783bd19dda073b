// Every page in both languages, as pictures in web/screenshots/: `npm run screenshots`.
import { mkdirSync, rmSync } from "node:fs";
import { launch, signIn } from "./browser.mjs";
import { Hub, until } from "./hub.mjs";

const folder = new URL("../screenshots/", import.meta.url).pathname;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const hub = new Hub();
const browser = await launch();
const settled = (page) => page.waitForFunction(() => document.querySelector("h1") && !document.querySelector(".skeleton"));

async function shoot(page, name, path, full = true) {
  await page.goto(hub.url + path);
  await settled(page);
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${folder}${name}.png`, fullPage: full });
  console.log(`${name}.png`);
}

try {
  await hub.start();
  await hub.fill(600);
  await hub.api("operator", "POST", "/v1/vouchers", { org: "deepriver", funder: "Province", micro_yuan: 500_000_000_000, expires_us: String((Date.now() + 90 * 86_400_000) * 1_000), pools: ["cpu"], contract: "C-2026-118" });
  await hub.api("operator", "POST", "/v1/nodes/state", { nodes: ["n017", "n099"], state: "draining", reason: "firmware" });
  await hub.api("operator", "POST", "/v1/nodes/state", { nodes: ["n203"], state: "down", reason: "fan failure" });
  const done = await hub.job("deepriver.lin", { name: "train-vision", walltime_ms: 300_000, script: "#!/bin/sh\nmkdir checkpoints\nfor i in $(seq 1 60); do echo \"step $i: loss=$(awk \"BEGIN{print 2/$i+0.1}\") acc=$(awk \"BEGIN{print 1-1/$i}\")\"; done\nhead -c 3000000 /dev/zero >checkpoints/step-60.pt\necho '{\"acc\":0.98}' >result.json\necho done\n" });
  await hub.stateOf("deepriver.lin", done, "completed");
  await hub.api("operator", "POST", "/v1/invoices", { org: "deepriver" });
  const invoice = (await hub.api("operator", "GET", "/v1/invoices")).invoices[0];
  await until("its block is closed", async () => Number((await hub.api("operator", "GET", "/v1/log/head")).last_block_seq) >= Number(invoice.seq));
  const waiting = (await hub.api("deepriver.lin", "GET", "/v1/jobs?state=waiting&limit=1")).jobs[0].id;
  const shots = [
    ["overview", "/"], ["map", "/map"], ["jobs", "/jobs", false], ["job-done", `/jobs/${done}`], ["job-waiting", `/jobs/${waiting}`], ["submit", "/submit"], ["apps", "/submit?app="], ["app", "/submit?app=quantum-run"],
    ["money", "/money"], ["vouchers", "/money?tab=vouchers"], ["charges", "/money?tab=charges"], ["invoices", "/money?tab=invoices"], ["invoice", `/money/invoices/${invoice.id}`], ["shares", "/shares"], ["log", "/log"],
  ];
  const operator = [["operator-overview", "/"], ["operator-map", "/map"], ["operator-shares", "/shares"], ["operator-orgs", "/operator"], ["operator-members", "/operator?tab=members"], ["operator-prices", "/operator?tab=prices"], ["operator-vouchers", "/operator?tab=vouchers"], ["operator-nodes", "/operator?tab=nodes", false], ["operator-trail", "/operator?tab=trail"]];
  for (const [locale, suffix] of [["zh-CN", "zh"], ["en-GB", "en"]]) {
    const out = await signIn(browser, hub, null, { locale });
    await out.goto(`${hub.url}/signin`);
    await out.screenshot({ path: `${folder}signin.${suffix}.png` });
    const admin = await signIn(browser, hub, "deepriver.ann", { locale });
    for (const [name, path, full] of shots) await shoot(admin, `${name}.${suffix}`, path, full);
    const page = await signIn(browser, hub, "operator", { locale });
    for (const [name, path, full] of operator) await shoot(page, `${name}.${suffix}`, path, full);
    for (const one of [out, admin, page]) await one.context().close();
  }
  const dark = await signIn(browser, hub, "deepriver.ann", { locale: "zh-CN", colorScheme: "dark" });
  for (const [name, path, full] of shots) await shoot(dark, `dark-${name}`, path, full);
  const darkOperator = await signIn(browser, hub, "operator", { locale: "zh-CN", colorScheme: "dark" });
  for (const [name, path, full] of operator) await shoot(darkOperator, `dark-${name}`, path, full);
  const phone = await signIn(browser, hub, "deepriver.ann", { locale: "zh-CN", viewport: { width: 390, height: 844 } });
  for (const [name, path, full] of shots) await shoot(phone, `phone-${name}`, path, full);
} finally {
  await browser.close();
  await hub.end();
}
