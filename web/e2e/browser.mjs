// Debian's Chromium, driven by playwright-core, and what every test of a page wants.
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const axeSource = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export async function launch() {
  return chromium.launch({
    executablePath,
    timeout: 180_000,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
  });
}

// A page signed in as a member, by token. Everything that the page complains about is kept.
export async function signIn(browser, hub, who, options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 720 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("pageerror", (error) => page.complaints.push(`error: ${error.message}`));
  page.on("console", (message) => {
    // A lost connection is told by the browser too; tests of it look elsewhere.
    if (message.type() === "error" && !/net::|Failed to load resource/.test(message.text())) page.complaints.push(message.text());
  });
  page.on("dialog", (dialog) => {
    page.complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.setDefaultTimeout(60_000);
  if (who) {
    await page.goto(`${hub.url}/signin`);
    await page.fill("#token", hub.token(who));
    await page.keyboard.press("Enter");
    await page.waitForSelector(".side .who", { state: "attached" });
  }
  return page;
}

// The serious and critical findings of axe on the page as it stands.
export async function axe(page) {
  // By the debugger's protocol: the content rule keeps page scripts from adding scripts.
  await page.evaluate(`${axeSource}; undefined`);
  const results = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return results.violations
    .filter((one) => one.impact === "serious" || one.impact === "critical")
    .map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
}
