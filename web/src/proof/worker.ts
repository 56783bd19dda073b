import { checkBill, type Expected } from "./check";

self.onmessage = (event: MessageEvent<{ file: Uint8Array; expected: Expected }>) => {
  checkBill(event.data.file, event.data.expected, (told) => self.postMessage(told));
};
