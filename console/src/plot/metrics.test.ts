import { expect, test } from "vitest";
import { periodFor } from "./metrics";

test.each([[10, 1], [1500, 1], [1501, 5], [3600, 5], [86_400, 60], [40 * 86_400, 3600]])(
  "%d s are plotted every %d s", (seconds, period) => expect(periodFor(seconds)).toBe(period));
