import { expect, test } from "vitest";
import { npy } from "./npy";

test("as numpy.save writes it", () => {
  const file = npy([1, 1, 2, 2], [0, 1, -0.5, 0.25]);
  expect(file.length).toBe(128 + 16);
  expect([...file.slice(0, 10)]).toEqual([0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0]);
  const header = new TextDecoder().decode(file.slice(10, 128));
  expect(header.trimEnd()).toBe("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), }");
  expect(header.at(-1)).toBe("\n");
  expect([...new Float32Array(file.buffer.slice(128))]).toEqual([0, 1, -0.5, 0.25]);
});

test("one dimension has its comma", () => {
  expect(new TextDecoder().decode(npy([3], [1, 2, 3]))).toContain("'shape': (3,), }");
});
