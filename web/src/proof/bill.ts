// Computing the bill again from its entries (docs/formats/bill.md): every charge from the job's
// shape, the lease's time and the price sheet; every invoice line from its charges.
import { Damaged, type Message } from "./bytes";
import type { Entry } from "./bundle";

interface Job {
  key: string; // of its invoice line: project, pool, tier, sheet, line
  milliPerTask: bigint;
  walltimeUs: bigint;
  price: bigint;
}
interface Lease {
  job: Job;
  tasks: bigint;
  startedUs: bigint;
  milliDeviceMs: bigint;
  charged: bigint;
}
interface Line {
  milliDeviceMs: bigint;
  microYuan: bigint;
  credited: bigint;
  quantity: bigint; // of a service
}
const noLine = (): Line => ({ milliDeviceMs: 0n, microYuan: 0n, credited: 0n, quantity: 0n });

export interface Totals {
  org: bigint;
  invoice: bigint;
  jobs: number;
  leases: number;
  charges: number;
  charged: bigint;
  corrections: bigint;
  total: bigint;
  fromUs: bigint;
  toUs: bigint;
}

const standard = 2n;
const hour = 3_600_000n;
const ledgerTime = 2n;
// What a price of a service is for: 1,000 transfers, or a day of microseconds.
const serviceUnit = (service: bigint) => (service === ledgerTime ? 86_400_000_000n : 1_000n);

export class BillChecker {
  private readonly prices = new Map<string, Message>();
  private readonly jobs = new Map<bigint, Job>();
  private readonly leases = new Map<bigint, Lease>();
  private readonly ledgers = new Map<bigint, bigint>(); // to when its time was charged
  private readonly lines = new Map<string, Line>();
  private readonly payers = new Map<bigint, bigint>();
  private done = false;
  readonly totals: Totals;

  constructor(bill: string) {
    const match = /^org (\d+) invoice (\d+)/.exec(bill);
    if (!match) throw new Damaged(`the bill says "${bill.slice(0, 40)}", not "org N invoice M"`);
    this.totals = { org: BigInt(match[1]!), invoice: BigInt(match[2]!), jobs: 0, leases: 0, charges: 0, charged: 0n, corrections: 0n, total: 0n, fromUs: 0n, toUs: 0n };
  }

  entry(entry: Entry) {
    const seq = entry.header.number(1);
    for (const event of entry.events) {
      if (this.done) throw new Damaged(`entry ${seq}: nothing may follow the invoice`);
      if (event.has(40)) this.sheet(entry, event.message(40));
      else if (event.has(2)) this.admitted(seq, entry, event.message(2));
      else if (event.has(4)) this.started(seq, entry, event.message(4));
      else if (event.has(7)) this.charge(seq, entry, event.message(7));
      else if (event.has(80)) this.ledgerOpened(seq, entry, event.message(80));
      else if (event.has(84)) this.ledgerCharge(seq, entry, event.message(84));
      else if (event.has(45)) this.corrected(entry);
      else if (event.has(46)) this.invoice(seq, entry, event.message(46));
    }
  }
  finish(): Totals {
    if (!this.done) throw new Damaged(`invoice ${this.totals.invoice} is not in the file`);
    return this.totals;
  }

  private fail(seq: bigint, what: string, expected: bigint | string, found: bigint | string): never {
    throw new Damaged(`entry ${seq}: ${what}: ${expected} follows, ${found} stands there`);
  }
  private sheet(entry: Entry, event: Message) {
    for (const line of entry.command.message(30).messages(2)) this.prices.set(`${event.number(1)}/${line.number(1)}`, line);
  }
  private admitted(seq: bigint, entry: Entry, event: Message) {
    const submit = entry.command.message(2);
    if (submit.number(1) !== this.totals.org) this.fail(seq, "org", this.totals.org, submit.number(1));
    const spec = submit.message(4);
    const tier = spec.number(3) || standard;
    const place = `${event.number(4)}/${event.number(5)}`;
    const line = this.prices.get(place);
    if (!line || line.number(2) !== spec.number(2) || line.number(3) !== tier) throw new Damaged(`entry ${seq}: price sheet line ${place} is not for this job`);
    if (line.number(4) !== event.number(6)) this.fail(seq, "price", line.number(4), event.number(6));
    this.jobs.set(event.number(1), {
      key: [submit.number(2), spec.number(2), tier, event.number(4), event.number(5), 0n].join("/"),
      milliPerTask: (spec.number(6) || 1n) * (spec.number(7) || 1_000n),
      walltimeUs: spec.number(9) * 1_000n,
      price: event.number(6),
    });
    this.totals.jobs += 1;
  }
  private started(seq: bigint, entry: Entry, event: Message) {
    const job = this.jobs.get(event.number(1));
    if (!job) throw new Damaged(`entry ${seq}: the submission of job ${event.number(1)} is not shown`);
    if (this.leases.has(event.number(2))) throw new Damaged(`entry ${seq}: lease ${event.number(2)} has started before`);
    this.leases.set(event.number(2), { job, tasks: event.number(4), startedUs: entry.header.number(2), milliDeviceMs: 0n, charged: 0n });
    this.totals.leases += 1;
  }
  // The price of everything since the start, less what was charged before: rounded down once.
  private charge(seq: bigint, entry: Entry, event: Message) {
    const lease = this.leases.get(event.number(1));
    if (!lease) throw new Damaged(`entry ${seq}: the start of lease ${event.number(1)} is not shown`);
    const [to, use, amount] = [event.number(2), event.number(3), event.number(4)];
    const time = entry.header.number(2);
    const latest = lease.job.walltimeUs === 0n ? time : lease.startedUs + lease.job.walltimeUs;
    if (to < lease.startedUs || to > (latest < time ? latest : time)) this.fail(seq, "end of the metered time", latest, to);
    const paid = event.messages(5).reduce((sum, payment) => sum + payment.number(2), 0n);
    if (paid !== amount) this.fail(seq, "payments", amount, paid);
    if (use !== 0n || amount !== 0n) {
      const total = lease.job.milliPerTask * lease.tasks * ((to - lease.startedUs) / 1_000n);
      const cost = (total * lease.job.price) / (1_000n * hour);
      if (use !== total - lease.milliDeviceMs) this.fail(seq, "use", total - lease.milliDeviceMs, use);
      if (amount !== cost - lease.charged) this.fail(seq, "charge", cost - lease.charged, amount);
      const line = this.line(lease.job.key);
      line.milliDeviceMs += use;
      line.microYuan += amount;
      line.credited += event.number(6);
    }
    lease.milliDeviceMs += use;
    lease.charged += amount;
    for (const payment of event.messages(5)) this.pay(payment.number(1), payment.number(2));
    this.totals.charges += 1;
  }
  private line(key: string): Line {
    const line = this.lines.get(key) ?? noLine();
    this.lines.set(key, line);
    return line;
  }
  private pay(voucher: bigint, amount: bigint) {
    this.payers.set(voucher, (this.payers.get(voucher) ?? 0n) + amount);
  }
  private ledgerOpened(seq: bigint, entry: Entry, event: Message) {
    const org = entry.command.message(80).number(1);
    if (org !== this.totals.org) this.fail(seq, `org of ledger ${event.number(1)}`, this.totals.org, org);
    this.ledgers.set(event.number(1), 0n);
  }
  // Each charge by itself: what was used at the price of its hold, rounded down.
  private ledgerCharge(seq: bigint, entry: Entry, event: Message) {
    const [ledger, service, sheet, place, quantity, amount] = [1, 3, 4, 5, 6, 7].map((field) => event.number(field)) as [bigint, bigint, bigint, bigint, bigint, bigint];
    const charged = this.ledgers.get(ledger);
    if (charged === undefined) throw new Damaged(`entry ${seq}: the opening of ledger ${ledger} is not shown`);
    if (quantity === 0n) return;
    let price = 0n;
    if (sheet !== 0n) {
      const line = this.prices.get(`${sheet}/${place}`);
      if (!line || line.number(5) !== service) throw new Damaged(`entry ${seq}: price sheet line ${sheet}/${place} is not for this service`);
      price = line.number(6);
    }
    const cost = (quantity * price) / serviceUnit(service);
    if (amount !== cost) this.fail(seq, "charge", cost, amount);
    if (service === ledgerTime) {
      const [from, to, time] = [event.number(8), event.number(9), entry.header.number(2)];
      if (from < charged) this.fail(seq, "begin of the charged time", charged, from);
      if (to > time) this.fail(seq, "end of the charged time", time, to);
      if (quantity > to - from) this.fail(seq, "charged time", to - from, quantity);
      this.ledgers.set(ledger, to);
    }
    const line = this.line([0n, 0n, 0n, sheet, place, service].join("/"));
    line.quantity += quantity;
    line.microYuan += amount;
    this.pay(0n, amount);
    this.totals.charges += 1;
  }
  private corrected(entry: Entry) {
    const correct = entry.command.message(34);
    if (correct.number(1) === this.totals.org) this.totals.corrections += correct.number(2);
  }
  private invoice(seq: bigint, entry: Entry, event: Message) {
    if (entry.command.message(35).number(1) !== this.totals.org) throw new Damaged(`entry ${seq}: the invoice is another organisation's`);
    for (const line of event.messages(4)) {
      const key = [line.number(1), line.number(2), line.number(3), line.number(5), line.number(6), line.number(10)].join("/");
      const sum = this.lines.get(key) ?? noLine();
      if (sum.microYuan !== line.number(8)) this.fail(seq, "amount of an invoice line", sum.microYuan, line.number(8));
      if (sum.milliDeviceMs !== line.number(7)) this.fail(seq, "use of an invoice line", sum.milliDeviceMs, line.number(7));
      if (sum.quantity !== line.number(11)) this.fail(seq, "quantity of an invoice line", sum.quantity, line.number(11));
      if (sum.credited !== line.number(9)) this.fail(seq, "credit of an invoice line", sum.credited, line.number(9));
      this.totals.charged += line.number(8);
      this.lines.delete(key);
    }
    if (this.lines.size > 0) throw new Damaged(`entry ${seq}: ${this.lines.size} charged lines are not on the invoice`);
    for (const payment of event.messages(5)) {
      const paid = this.payers.get(payment.number(1)) ?? 0n;
      if (paid !== payment.number(2)) this.fail(seq, `paid by voucher ${payment.number(1)}`, paid, payment.number(2));
      this.payers.delete(payment.number(1));
    }
    for (const [voucher, amount] of this.payers) if (amount !== 0n) this.fail(seq, `paid by voucher ${voucher}`, amount, 0n);
    if (event.number(6) !== this.totals.corrections) this.fail(seq, "corrections", this.totals.corrections, event.number(6));
    this.totals.total = this.totals.charged - this.totals.corrections;
    this.totals.fromUs = event.number(2);
    this.totals.toUs = event.number(3);
    this.done = event.number(1) === this.totals.invoice;
    if (this.done) return;
    // An earlier one: what comes after it is on the next.
    this.lines.clear();
    this.payers.clear();
    Object.assign(this.totals, { charges: 0, charged: 0n, corrections: 0n });
  }
}
