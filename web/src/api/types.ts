// Names for the generated schema. The hub prints every field, so nothing is optional but messages
// that may be absent; 64-bit numbers are numbers up to 2^53 and text beyond (lib/units.ts).
import type { components } from "./schema";

type Message<Name extends string> = `suan.${Name}` extends keyof components["schemas"] ? components["schemas"][`suan.${Name}`] : never;
type Full<T> = T extends (infer Item)[]
  ? Full<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Full<NonNullable<T[Key]>> }
    : T;

export type Wide = number | string;
export type Job = Full<Message<"JobView">>;
export type JobList = Full<Message<"JobList">>;
export type JobRequest = Message<"JobRequest">;
export type JobAccepted = Full<Message<"JobAccepted">>;
export type Lease = Full<Message<"LeaseView">>;
export type WaitReason = Full<Message<"WaitReasonView">>;
export type Why = Omit<Full<Message<"WhyView">>, "helps" | "forecast"> & { helps: Help[]; forecast?: Forecast };
export type Payload = Full<Message<"JobPayloadView">>;
export type JobFile = Full<Message<"JobFileView">>;
export type JobFileList = Full<Message<"JobFileList">>;
// What is not known is left at zero or empty, so these are read field by field.
export type Forecast = Message<"ForecastView">;
export type Help = Message<"HelpView">;
export type Quote = Omit<Full<Message<"QuoteView">>, "forecast"> & { forecast?: Forecast };
export type WaitSpan = Full<Message<"WaitSpanView">>;
export type Accuracy = Full<Message<"ForecastStatsView">>;
export type RulesVersion = Full<Message<"RulesView">>;
export type Repricing = Full<Message<"RepricingView">>;
export type Witness = Full<Message<"WitnessView">>;
export type JobState = Job["state"];
export type Tier = Job["tier"];
export type Whoami = Full<Message<"WhoamiView">>;
export type Role = Whoami["role"];
export type Stats = Full<Message<"StatsView">>;
export type Org = Omit<Full<Message<"OrgView">>, "budget"> & { budget?: Budget };
export type Project = Omit<Full<Message<"ProjectView">>, "budget"> & { budget?: Budget };
export type Member = Full<Message<"MemberView">>;
export type Share = Full<Message<"ShareView">>;
export type Budget = Full<Message<"BudgetView">>;
export type Voucher = Full<Message<"VoucherView">>;
export type PriceSheet = Full<Message<"PriceSheetView">>;
export type PriceLine = Full<Message<"PriceLineView">>;
export type Charge = Full<Message<"ChargeView">>;
export type Invoice = Full<Message<"InvoiceView">>;
export type JournalRow = Full<Message<"JournalRowView">>;
export type Pool = Full<Message<"PoolView">>;
export type Node = Full<Message<"NodeView">>;
export type MapView = Full<Message<"MapView">>;
export type Overview = Full<Message<"OverviewView">>;
export type Usage = Full<Message<"UsageView">>;
export type LogHead = Full<Message<"LogHeadView">>;
export type Block = Full<Message<"BlockView">>;
export type LogEntry = Full<Message<"EntryView">>;
export type OperatorKey = Full<Message<"OperatorKeyView">>;
export type Changed = Full<Message<"ChangeAccepted">>;
export type Payment = Full<Message<"PaymentView">>;
export type LiveEvent = Full<Message<"LiveEvent">>;
