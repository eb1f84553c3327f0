import { expect, test } from "vitest";
import { titleOf } from "./usage";

test.each([
  ["CPUUtilization", "CPU"], ["MemoryUtilization", "Memory"], ["GPUUtilization", "GPU"], ["GPUMemoryUtilization", "GPU memory"], ["DiskUtilization", "Disk"],
])("%s is %s", (metric, title) => expect(titleOf(metric)).toBe(title));
