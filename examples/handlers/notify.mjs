// A handler in JavaScript: answers when its asynchronous work is done, many records at a time and in
// any order. Needs Node.js 14 or newer (Debian: nodejs). In the configuration:
//
//     [[handlers]]
//     event_type = "order.*"
//     kind = "subprocess"
//     command = ["node", "examples/handlers/notify.mjs", "notifications"]
//     in_flight = 200
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const topic = process.argv[2];

// Stands for a call of a service: takes a while, and refuses what has no customer.
async function notify(order) {
  await sleep(5);
  if (!order.customer) throw new TypeError("an order without a customer");
  return { customer: order.customer, text: `Your order ${order.id} is on its way` };
}

async function handle(request) {
  let order;
  try {
    order = JSON.parse(request.value);
  } catch {
    return { outcome: "reject", error: "SyntaxError", reason: "the value is not JSON" };
  }
  try {
    const note = await notify(order);
    return { outcome: "success", emit: [{ topic, value: note }] };
  } catch (why) {
    const lasting = why instanceof TypeError;
    return { outcome: lasting ? "reject" : "retry", error: why.name, reason: why.message };
  }
}

// The worker sends at most `in_flight` requests before it has answers: this bounds what runs here.
createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", async (line) => {
  const request = JSON.parse(line);
  const answer = { id: request.id, ...(await handle(request)) };
  process.stdout.write(JSON.stringify(answer) + "\n");
});
