import { describe, expect, test } from "vitest";
import { centreOfMass, frameOf, mnistPicture, numbersIn, probabilities, scaled, SIDE, type Picture } from "./digit";

/** A picture with a filled rectangle. */
function rectangle(width: number, height: number, left: number, top: number, right: number, bottom: number): Picture {
  const ink = new Uint8Array(width * height);
  for (let y = top; y < bottom; y += 1) ink.fill(255, y * width + left, y * width + right);
  return { width, height, ink };
}

test("the frame holds all ink", () => {
  expect(frameOf(rectangle(30, 20, 3, 4, 7, 9))).toEqual({ left: 3, top: 4, width: 4, height: 5 });
  expect(frameOf({ width: 2, height: 2, ink: [0, 0, 0, 0] })).toBeUndefined();
});

test("nothing drawn is no picture", () => {
  expect(mnistPicture({ width: 4, height: 4, ink: new Uint8Array(16) })).toBeUndefined();
});

describe("a digit's picture", () => {
  test.each([
    ["a high one in a corner", rectangle(280, 280, 0, 0, 40, 200)],
    ["a wide one below", rectangle(280, 280, 100, 250, 280, 280)],
    ["a small one", rectangle(280, 280, 130, 20, 134, 28)],
  ])("%s fills 20 of 28 and its weight is in the middle", (_, drawn) => {
    const ink = mnistPicture(drawn)!;
    const picture = { width: SIDE, height: SIDE, ink };
    const frame = frameOf(picture)!;
    expect(Math.max(frame.width, frame.height)).toBeGreaterThanOrEqual(20);
    expect(Math.max(frame.width, frame.height)).toBeLessThanOrEqual(21);
    const centre = centreOfMass(picture);
    expect(Math.abs(centre.x - 14.5)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(centre.y - 14.5)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...ink)).toBeCloseTo(255, 0);
  });

  test("an uneven one is centred by its weight, not by its frame", () => {
    const drawn = rectangle(100, 100, 40, 0, 60, 100); // a stem
    for (let y = 80; y < 100; y += 1) (drawn.ink as Uint8Array).fill(255, y * 100, y * 100 + 100); // and a foot
    const ink = mnistPicture(drawn)!;
    const frame = frameOf({ width: SIDE, height: SIDE, ink })!;
    expect(frame.top).toBeLessThan(4); // the frame's middle is above the picture's
    expect(Math.abs(centreOfMass({ width: SIDE, height: SIDE, ink }).y - 14.5)).toBeLessThanOrEqual(0.5);
  });
});

test("one whose weight is far from its middle loses no ink", () => {
  const drawn = rectangle(100, 100, 0, 0, 100, 18); // a beam
  for (let y = 18; y < 100; y += 1) (drawn.ink as Uint8Array).fill(255, y * 100 + 48, y * 100 + 52); // on a thin stem
  const sum = (ink: ArrayLike<number>) => Array.from(ink).reduce((all, one) => all + one, 0);
  expect(sum(mnistPicture(drawn)!) * (100 / 20) ** 2).toBeCloseTo(sum(drawn.ink), -1);
});

test("a picture that is as MNIST's are, drawn larger and elsewhere, comes back as it was", () => {
  const seen = mnistPicture(rectangle(100, 100, 10, 0, 45, 100))!;
  for (const [times, left, top] of [[5, 0, 0], [5, 110, 40], [9, 3, 20]] as const) {
    const ink = new Float32Array(280 * 280);
    for (let y = 0; y < SIDE * times; y += 1) {
      for (let x = 0; x < SIDE * times; x += 1) ink[(y + top) * 280 + x + left] = seen[Math.floor(y / times) * SIDE + Math.floor(x / times)]!;
    }
    mnistPicture({ width: 280, height: 280, ink })!.forEach((value, index) => expect(value).toBeCloseTo(seen[index]!, 2));
  }
});

test("pixels as models want them", () => {
  expect([...scaled([0, 255], "bytes")]).toEqual([0, 255]);
  expect([...scaled([0, 255], "unit")]).toEqual([0, 1]);
  const [black, white] = scaled([0, 255], "normalised");
  expect(black).toBeCloseTo(-0.4242, 4);
  expect(white).toBeCloseTo(2.8215, 4);
});

test("answers, however they are nested", () => {
  expect(numbersIn([[1, 2], [3]])).toEqual([1, 2, 3]);
  expect(numbersIn({ predictions: [[0.5, 0.5]] })).toEqual([0.5, 0.5]);
  expect(numbersIn("7")).toEqual([]);
});

test("probabilities", () => {
  expect(probabilities([0.25, 0.75])).toEqual([0.25, 0.75]);
  const fromLogs = probabilities([Math.log(0.2), Math.log(0.8)]);
  expect(fromLogs[0]).toBeCloseTo(0.2);
  expect(probabilities([1000, 1000])).toEqual([0.5, 0.5]);
});
