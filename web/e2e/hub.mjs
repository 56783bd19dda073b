// A real hub for the console's tests: data and port of its own, a centre with a pool of this
// machine and one of 490 virtual nodes x 8.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const program = process.env.SUAN_BIN ?? new URL("../../build/release/bin/suan", import.meta.url).pathname;
const dist = new URL("../dist", import.meta.url).pathname;

const centre = `
title: console test
pools:
  - name: cpu
    executor: local
    device_type: cpu
    device_gflops: 50
    rules: {min_runtime: 1s, grace_default: 2s}
    nodes:
      - {name: this, devices: 4}
  - name: 1000P
    executor: sim
    device_type: Ascend 910
    device_gflops: 256000
    nodes:
      - {prefix: n, count: 490, devices: 8, per_rack: 16}
price_sheets:
  - name: opening
    lines:
      - {pool: all, tier: reserved, yuan_per_device_hour: 4.2}
      - {pool: all, tier: standard, yuan_per_device_hour: 3.6}
      - {pool: all, tier: spot, yuan_per_device_hour: 1.1}
members:
  - {name: audit, role: auditor}
orgs:
  - name: deepriver
    title: 深流科技
    funds: 20000000
    projects: [{name: default, budget: 15000000}, {name: vision, budget: 50000}]
    members: [{name: ann, role: admin}, {name: lin}]
    shares: [{pool: cpu, deserved: 3}, {pool: 1000P, deserved: 1600}]
  - name: starbridge
    title: 星桥智算
    funds: 30000000
    projects: [{name: default}]
    members: [{name: eve, role: admin}, {name: bo}]
    shares: [{pool: cpu, deserved: 1}, {pool: 1000P, deserved: 1200}]
  - name: northlight
    title: 北辰影像
    funds: 15000000
    projects: [{name: default}]
    members: [{name: max, role: admin}]
    shares: [{pool: 1000P, deserved: 600}]
`;

export class Hub {
  folder = mkdtempSync(join(tmpdir(), "suan-console-"));
  process = null;
  port = 0;

  async start({ scale = 1, centre: text = centre } = {}) {
    writeFileSync(join(this.folder, "centre.yaml"), text);
    const portFile = join(this.folder, "port");
    rmSync(portFile, { force: true });
    this.process = spawn(
      program,
      ["hub", "run", "--data", join(this.folder, "data"), "--centre", join(this.folder, "centre.yaml"), "--listen", `127.0.0.1:${this.port}`,
        "--port-file", portFile, "--console", dist, "--sim-scale", String(scale)],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    this.said = "";
    this.process.stderr.on("data", (text) => (this.said = (this.said + text).slice(-4_000)));
    await until("the hub serves", () => {
      if (this.process.exitCode !== null) throw new Error(`the hub ended:\n${this.said}`);
      return existsSync(portFile);
    });
    this.port = Number(readFileSync(portFile, "utf8"));
  }
  async stop() {
    if (!this.process || this.process.exitCode !== null) return;
    const over = new Promise((done) => this.process.once("exit", done));
    this.process.kill("SIGTERM");
    await over;
  }
  async end() {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }
  token(name) {
    return readFileSync(join(this.folder, "data", "tokens", name), "utf8").trim();
  }
  // As a member ("deepriver.lin", "operator"); throws what is not 2xx.
  async api(who, method, path, body) {
    const response = await fetch(this.url + path, {
      method,
      headers: { Authorization: `Bearer ${this.token(who)}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} as ${who}: ${response.status} ${JSON.stringify(answer)}`);
    return answer;
  }
  // What the command line says to a member.
  cli(who, words) {
    return execFileSync(program, [...words, "--hub", this.url, "--token-file", join(this.folder, "data", "tokens", who)], { encoding: "utf8" });
  }
  async job(who, body) {
    return (await this.api(who, "POST", "/v1/jobs", { pool: "cpu", script: "#!/bin/sh\ntrue\n", ...body })).id;
  }
  async stateOf(who, id, state) {
    await until(`job ${id} is ${state}`, async () => (await this.api(who, "GET", `/v1/jobs/${id}`)).state === state);
  }
  // A busy virtual pool with a long queue.
  async fill(waiting = 5_000) {
    const orgs = ["deepriver.lin", "starbridge.bo", "northlight.max"];
    const shapes = [[1, 8], [4, 8], [16, 8], [1, 1], [2, 4], [1, 2], [8, 8]];
    const names = ["pretrain-7b", "微调-客服", "eval", "render-8k", "qaoa", "数据清洗", "sft"];
    for (let made = 0; made < waiting + 400; ) {
      // What starts at once is of every org.
      const count = Math.min(made < 1_200 ? 50 : 400, waiting + 400 - made);
      const jobs = Array.from({ length: count }, (_, i) => {
        const n = made + i;
        const [tasks, devices_per_task] = shapes[n % shapes.length];
        return {
          name: `${names[n % names.length]}-${n}`, pool: "1000P", tasks, devices_per_task, tier: n % 9 === 0 ? "spot" : n % 4 === 0 ? "reserved" : "standard",
          ...(n % 9 === 0 ? { bid_micro_yuan: 2_000_000 } : {}), walltime_ms: 36_000_000, sim_duration_ms: 30_000_000 + (n % 50) * 60_000,
        };
      });
      await this.api(orgs[Math.floor(made / (made < 1_200 ? 50 : 400)) % 3], "POST", "/v1/jobs/batch", { jobs });
      made += count;
    }
  }
}

export async function until(what, condition, seconds = 60) {
  const end = Date.now() + seconds * 1_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(50);
  }
}
