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

// A drafted price sheet with what it would have changed.
async function draft(page) {
  await page.click("[data-test=new-sheet]");
  await page.locator("table.list input").nth(1).fill("6.8");
  await page.waitForSelector('[data-test=impact][aria-busy="false"]');
}
const only = process.argv[2] ?? "";
async function shoot(page, name, path, full = true, then = undefined) {
  if (!name.includes(only)) return;
  await page.goto(hub.url + path);
  await settled(page);
  await then?.(page);
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
  const operator = [["operator-overview", "/"], ["operator-map", "/map"], ["operator-shares", "/shares"], ["operator-orgs", "/operator"], ["operator-members", "/operator?tab=members"], ["operator-prices", "/operator?tab=prices"], ["operator-draft", "/operator?tab=prices", true, draft], ["operator-vouchers", "/operator?tab=vouchers"], ["operator-nodes", "/operator?tab=nodes", false], ["operator-audit", "/operator?tab=audit", false], ["operator-trail", "/operator?tab=trail", false]];
  for (const [locale, suffix] of [["zh-CN", "zh"], ["en-GB", "en"]]) {
    const out = await signIn(browser, hub, null, { locale });
    await out.goto(`${hub.url}/signin`);
    await out.screenshot({ path: `${folder}signin.${suffix}.png` });
    const admin = await signIn(browser, hub, "deepriver.ann", { locale });
    for (const [name, path, full, then] of shots) await shoot(admin, `${name}.${suffix}`, path, full, then);
    const page = await signIn(browser, hub, "operator", { locale });
    for (const [name, path, full, then] of operator) await shoot(page, `${name}.${suffix}`, path, full, then);
    for (const one of [out, admin, page]) await one.context().close();
  }
  const dark = await signIn(browser, hub, "deepriver.ann", { locale: "zh-CN", colorScheme: "dark" });
  for (const [name, path, full] of shots) await shoot(dark, `dark-${name}`, path, full);
  const darkOperator = await signIn(browser, hub, "operator", { locale: "zh-CN", colorScheme: "dark" });
  for (const [name, path, full, then] of operator) await shoot(darkOperator, `dark-${name}`, path, full, then);
  const phone = await signIn(browser, hub, "deepriver.ann", { locale: "zh-CN", viewport: { width: 390, height: 844 } });
  for (const [name, path, full] of shots) await shoot(phone, `phone-${name}`, path, full);
  const phoneOperator = await signIn(browser, hub, "operator", { locale: "en-GB", viewport: { width: 390, height: 844 } });
  for (const [name, path, full, then] of operator) await shoot(phoneOperator, `phone-${name}`, path, full, then);
  // What is not there, not allowed, not answered.
  const member = await signIn(browser, hub, "deepriver.lin", { locale: "zh-CN" });
  await shoot(member, "state-forbidden", "/operator");
  await shoot(member, "state-missing", "/jobs/999999");
  await member.route(/\/v1\/(?!whoami|events)/, (route) => route.abort());
  await member.goto(`${hub.url}/money`);
  await member.waitForSelector("[role=alert]", { timeout: 30_000 });
  await member.screenshot({ path: `${folder}state-lost.png` });
  const bare = new Hub();
  await bare.start({ centre: "title: bare\n" });
  const alone = await signIn(browser, bare, "operator", { locale: "zh-CN" });
  for (const [name, path] of [["overview", "/"], ["map", "/map"], ["jobs", "/jobs"], ["prices", "/operator?tab=prices"], ["orgs", "/operator?tab=orgs"], ["shares", "/shares"], ["log", "/log"]]) {
    await alone.goto(bare.url + path);
    await settled(alone);
    await alone.screenshot({ path: `${folder}empty-${name}.png` });
  }
  await bare.end();
} finally {
  await browser.close();
  await hub.end();
}
