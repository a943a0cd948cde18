// What time it is in an environment, or for a customer: in sandboxes test clocks may be ahead of ours.

import { call } from "./api.js";

// In milliseconds; 0 where there is no such clock, or nobody may read it.
export async function clockAhead(context, customerId) {
  if (context.environment !== "sandbox") return 0;
  try {
    const { time } = await call("TestClockService/GetTestClock", customerId ? { customer_id: customerId } : {}, {
      signal: context.signal,
    });
    const ahead = new Date(time) - Date.now();
    return Math.abs(ahead) < 60e3 ? 0 : ahead;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return 0;
  }
}
