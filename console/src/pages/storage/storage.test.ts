import { describe, expect, test } from "vitest";
import { arrayOf, figure, picture, planeOf, planesOf, rangeOf } from "./arrays";
import { entriesOf } from "./entries";
import { inflated } from "./inflate";
import { folderOf, nameIn, trail, wrongBucketName, wrongFolderName } from "./keys";
import { hexDump, kindOf, textOf } from "./kinds";
import { completion, contentTypeOf, Lanes, MULTIPART_FROM, partsOf } from "./parts";
import { TarReader } from "./tar";

const utf8 = (text: string) => new TextEncoder().encode(text);
const bytes = (...values: number[]) => new Uint8Array(values);
const joined = (...pieces: Uint8Array[]) => new Uint8Array(pieces.flatMap((piece) => [...piece]));

describe("keys", () => {
  test.each([
    ["a/b/c", "a/b/", "c"], ["a/b/c/", "a/b/", "c/"], ["c", "", "c"], ["c/", "", "c/"], ["/c", "/", "c"], ["a//", "a/", "/"],
  ])("%s is in %s as %s", (key, folder, name) => {
    expect(folderOf(key)).toBe(folder);
    expect(nameIn(folder, key)).toBe(name);
  });

  test("the way down", () => {
    expect(trail("a/b/")).toEqual([{ name: "a", prefix: "a/" }, { name: "b", prefix: "a/b/" }]);
    expect(trail("a/b")).toEqual([{ name: "a", prefix: "a/" }]);
    expect(trail("")).toEqual([]);
    expect(trail("//")).toEqual([{ name: "/", prefix: "/" }, { name: "/", prefix: "//" }]);
  });

  test.each([["models", true], ["a.b-c", true], ["ab", false], ["Models", false], ["-ab", false], ["a..b", false], ["1.2.3.4", false]])(
    "bucket name %s: %s", (name, good) => expect(wrongBucketName(name) === undefined).toBe(good));
  test.each([["a", true], ["a/b/", true], ["/a", false], ["a//b", false], ["x".repeat(901), false]])(
    "folder name %s: %s", (name, good) => expect(wrongFolderName(name) === undefined).toBe(good));
});

describe("what an object is", () => {
  const tar = new Uint8Array(512);
  tar.set(utf8("ustar"), 257);
  test.each<[string, Uint8Array, boolean, string]>([
    ["x", bytes(), true, "empty"],
    ["x.txt", bytes(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10), true, "image"],
    ["x.png", utf8("<script>alert(1)</script>"), true, "text"],
    ["x.svg", utf8('<svg xmlns="http://www.w3.org/2000/svg"/>'), true, "text"],
    ["x", utf8('{"a": 1}'), true, "json"],
    ["x.json", utf8('{"a": 1'), true, "text"],
    ["x.json", utf8('{"a": 1}'), false, "text"],
    ["x.py", utf8("print('ä')"), true, "text"],
    ["x", joined(utf8("ende "), bytes(0xc3)), false, "text"],
    ["x", joined(utf8("ende "), bytes(0xc3)), true, "binary"],
    ["x", bytes(1, 2, 3, 0), true, "binary"],
    ["m.tar.gz", bytes(0x1f, 0x8b, 8, 0), true, "archive"],
    ["m.gz", bytes(0x1f, 0x8b, 8, 0), true, "gzip"],
    ["m", tar, true, "archive"],
    ["a.npy", bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0), true, "array"],
    ["t10k-labels-idx1-ubyte", bytes(0, 0, 8, 1, 0, 0, 0, 1, 7), true, "array"],
  ])("%s", (key, content, complete, kind) => expect(kindOf(key, content, complete).kind).toBe(kind));

  test("terminals' colours are text", () => expect(textOf(utf8("\x1b[31mred\x1b[0m"), true)).toBe("\x1b[31mred\x1b[0m"));
  test("hex", () => expect(hexDump(bytes(0x41, 0, 0xff))).toBe(`00000000  41 00 ff${" ".repeat(39)}  A··`));
});

function npy(header: string, data: Uint8Array): Uint8Array {
  const text = utf8(header.padEnd(53) + "\n");
  return joined(bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0), text, data);
}

describe("arrays", () => {
  test("rows first, of two dimensions", () => {
    const data = new Uint8Array(new Float32Array([1, 2, 3, 4, 5, NaN]).buffer);
    const array = arrayOf(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", data));
    expect([array.shape, array.dtype, array.count, array.have]).toEqual([[2, 3], "float32", 6, 6]);
    expect(planesOf(array)).toBe(1);
    const plane = planeOf(array, 0);
    expect([plane.value(0, 2), plane.value(1, 0)]).toEqual([3, 4]);
    expect(rangeOf(plane)).toEqual([1, 5]);
    expect([...picture(plane).slice(0, 8)]).toEqual([0, 0, 0, 255, 64, 64, 64, 255]);
    expect([...picture(plane).slice(20)]).toEqual([0, 0, 0, 0]);
  });

  test("columns first, of a cut file, of the other byte order", () => {
    const fortran = arrayOf(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 2), }", bytes(1, 2, 3, 4)));
    expect(planeOf(fortran, 0).value(0, 1)).toBe(3);
    const cut = arrayOf(npy("{'descr': '>i2', 'fortran_order': False, 'shape': (9,), }", bytes(1, 0, 255, 255, 7)));
    expect([cut.have, cut.at(0), cut.at(1), cut.at(2)]).toEqual([2, 256, -1, NaN]);
    expect(planesOf(cut)).toBe(0);
  });

  test.each([[0x3c00, 1], [0xc000, -2], [0x7c00, Infinity], [0x0001, 2 ** -24]])("half %d is %d", (bits, value) => {
    const array = arrayOf(npy("{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }", bytes(bits & 255, bits >> 8)));
    expect(array.at(0)).toBe(value);
  });

  test("IDX: planes that are here", () => {
    const array = arrayOf(joined(bytes(0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 2), bytes(1, 2, 3, 4, 5, 6)));
    expect([array.shape, array.dtype, planesOf(array)]).toEqual([[5, 2, 2], "uint8", 2]);
    expect([planeOf(array, 1).value(0, 1), planeOf(array, 1).value(1, 0)]).toEqual([6, NaN]);
  });

  test("what is not shown says why", () => {
    const of = (descr: string) => () => arrayOf(npy(`{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }`, bytes(0)));
    expect(of("'|O'")).toThrow("O");
    expect(of("[('a', '<f4')]")).toThrow("records");
    expect(() => arrayOf(bytes(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 200, 0, 0, 0))).toThrow("header");
  });

  test.each([[1, "1"], [1 / 3, "0.33333"], [1e-9, "1e-9"], [NaN, "nan"], [-Infinity, "-Infinity"]])("%d reads %s", (value, text) =>
    expect(figure(value)).toBe(text));
});

function member(name: string, content: Uint8Array, kind = "0"): Uint8Array {
  const block = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
  block.set(utf8(name).subarray(0, 100), 0);
  block.set(utf8(content.length.toString(8).padStart(11, "0")), 124);
  block.set(utf8("00000000007"), 136);
  block.set(utf8(kind), 156);
  block.set(utf8("ustar"), 257);
  block.set(content, 512);
  return block;
}

describe("tar", () => {
  const long = "x".repeat(150);
  const archive = joined(
    member("code/", bytes(), "5"), member("code/a.py", utf8("print(1)\n".repeat(200))),
    member("././@LongLink", utf8(long), "L"), member("x", utf8("1")),
    member("pax", utf8("15 path=ä/b.txt\n".replace("15", "17")), "x"), member("short", utf8("2")), new Uint8Array(1024),
  );
  const expected = ["code/", "code/a.py", long, "ä/b.txt"];
  test.each([1, 7, 511, 512, 513, 100_000])("in pieces of %d bytes", (size) => {
    const tar = new TarReader();
    for (let at = 0; at < archive.length; at += size) tar.push(archive.subarray(at, at + size));
    expect(tar.members.map(({ name }) => name)).toEqual(expected);
    expect([tar.ended, tar.members[1]?.size, tar.members[0]?.kind, tar.members[1]?.modified]).toEqual([true, 1800, "folder", 7]);
  });

  test("what the bytes hold, where they end early", () => {
    const tar = new TarReader();
    tar.push(archive.subarray(0, 1300));
    expect([tar.members.length, tar.ended]).toEqual([2, false]);
  });
});

describe("gzip", () => {
  const packed = async (text: string) => new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
  test("whole, limited, cut off", async () => {
    const whole = await inflated(await packed("hello"), 100);
    expect([new TextDecoder().decode(whole.bytes), whole.whole]).toEqual(["hello", true]);
    const limited = await inflated(await packed("hello"), 3);
    expect([new TextDecoder().decode(limited.bytes), limited.whole]).toEqual(["hel", false]);
    const cut = await inflated((await packed("hello")).slice(0, -4), 100);
    expect(cut.whole).toBe(false);
  });
});

describe("uploads", () => {
  const MIB = 1024 * 1024;
  test.each([[MULTIPART_FROM, 2], [MULTIPART_FROM + 1, 3], [80_000 * MIB, 10_000], [80_001 * MIB, 8889]])("%d bytes are %d parts", (size, count) => {
    const parts = partsOf(size);
    expect(parts.length).toBe(count);
    expect(parts.at(-1)!.to).toBe(size);
    expect(parts.every(({ from, number }, index) => number === index + 1 && (index === 0 || from === parts[index - 1]!.to))).toBe(true);
  });

  test("the end of it", () => {
    expect(completion(['"a"', '"b"'])).toContain("<Part><PartNumber>2</PartNumber><ETag>&quot;b&quot;</ETag></Part>");
  });

  test.each([["a.json", "", "application/json"], ["a.JSON", "", "application/json"], ["a", "", "application/octet-stream"], ["a.x", "text/y", "text/y"]])(
    "%s is sent as %s", (name, browsers, type) => expect(contentTypeOf(name, browsers)).toBe(type));

  test("three at once, in order", async () => {
    const lanes = new Lanes(3);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const all = [0, 1, 2, 3, 4].map((index) => lanes.run(() => {
      begun.push(index);
      return new Promise<void>((resolve) => ends.push(resolve));
    }));
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]!();
    await all[1];
    await Promise.resolve();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[0]!();
    await all[0];
    await Promise.resolve();
    ends.forEach((end) => end());
    await Promise.all(all.slice(0, 4));
    ends.forEach((end) => end());
    await Promise.all(all);
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });
});

test("a folder's rows: folders first, without itself", () => {
  expect(entriesOf("a/", {
    CommonPrefixes: [{ Prefix: "a/b/" }], Contents: [{ Key: "a/", Size: 0 }, { Key: "a/c", Size: 3, LastModified: 7 }],
  })).toEqual([
    { key: "a/b/", name: "b/", folder: true, size: 0 },
    { key: "a/c", name: "c", folder: false, size: 3, modified: 7 },
  ]);
});
