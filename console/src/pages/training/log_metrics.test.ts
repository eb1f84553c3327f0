import { describe, expect, test } from "vitest";
import type { Series } from "../../plot/series";
import { epochOf, Figures, figuresIn, thinned } from "./log_metrics";

describe("figuresIn", () => {
  test.each([
    ["Train Epoch: 3 [12800/60000 (21%)] Loss: 0.312500", [["train loss", 0.3125]]],
    ["Test set: Average loss: 0.0871, Accuracy: 9731/10000 (97%)", [["test loss", 0.0871], ["test accuracy", 0.9731]]],
    ["Epoch 2/5 - loss: 0.5 - val_loss: 0.25 - val_accuracy: 0.9", [["loss", 0.5], ["val_loss", 0.25], ["val_accuracy", 0.9]]],
    ["step=10 lr=1e-3 loss=2.5", [["lr", 0.001], ["loss", 2.5]]],
    ["accuracy: 97.5%", [["accuracy", 0.975]]],
    ["Listening on port: 8080", []],
    ["Evaluation loss: 0.1", [["validation loss", 0.1]]],
    ["a glossary: 5 words", []],
    ["loss: nan", []],
  ])("%s", (text, figures) => {
    expect(figuresIn(text).map(({ name, value }) => [name, value])).toEqual(figures);
  });
});

test("epochs", () => {
  const lines = ["Train Epoch: 1 [0/60]", "Train Epoch: 3 [1/60] Loss: 1", "saved"].map((text, at) => ({ at, stream: "a", text }));
  expect(epochOf(lines, "6")).toBe("epoch 3/6");
  expect(epochOf(lines, undefined)).toBe("epoch 3");
  expect(epochOf(lines.slice(2), "6")).toBeUndefined();
  expect(epochOf([{ at: 0, stream: "a", text: "Epoch 2/5" }], "9")).toBe("epoch 2/5");
});

test("a series for each figure, by host where there are several", () => {
  const lines = [
    { at: 1000, stream: "j/algo-1-1", text: "Loss: 2" },
    { at: 1000, stream: "j/algo-2-1", text: "Loss: 3" },
    { at: 2000, stream: "j/algo-1-1", text: "Loss: 1" },
    { at: 2000, stream: "j/algo-1-1", text: "Loss: 0.5 Accuracy: 1/2" },
  ];
  const found = new Figures((stream) => stream.slice(2, 8)).take(lines);
  expect([...found.keys()]).toEqual(["loss", "accuracy"]);
  expect(found.get("loss")).toEqual([
    { name: "loss · algo-1", points: [{ x: 1, y: 2 }, { x: 2, y: 0.5 }] },
    { name: "loss · algo-2", points: [{ x: 1, y: 3 }] },
  ]);
  expect(found.get("accuracy")![0]!.name).toBe("accuracy");
});

test("fewer points, and the last one among them", () => {
  expect(thinned([1, 2, 3], 5)).toEqual([1, 2, 3]);
  expect(thinned([1, 2, 3, 4, 5, 6], 3)).toEqual([2, 4, 6]);
  expect(thinned(Array.from({ length: 1001 }, (_, index) => index), 100).at(-1)).toBe(1000);
});

test("a log that grows, also in its midst, comes to the same as one that was there at once", () => {
  const line = (at: number, text: string, stream = "j/algo-1-1") => ({ at: at * 1000, stream, text });
  const one = line(1, "loss: 1");
  const two = line(2, "loss: 2", "j/algo-2-1");
  const three = line(3, "loss: 3 accuracy: 0.5");
  const four = line(4, "nothing");
  const figures = new Figures((stream) => stream);
  for (const lines of [[one], [one, three], [one, two, three], [one, two, three, four]]) {
    expect(figures.take(lines)).toEqual(new Figures((stream) => stream).take(lines));
  }
});

describe("a log whose oldest lines are let go of", () => {
  let looked = 0;
  const line = (at: number, stream = "a") => ({ at: at * 1000, stream, get text() {
    looked += 1;
    return `loss: ${at}`;
  } });
  const losses = (figures: Map<string, Series[]>) => figures.get("loss")?.map((one) => one.points.map((point) => point.y));
  const lines = Array.from({ length: 12 }, (_, index) => line(index + 1));

  test("looks at none twice, and keeps the points of those that went", () => {
    const figures = new Figures((stream) => stream);
    figures.take(lines.slice(0, 10));
    looked = 0;
    expect(losses(figures.take(lines.slice(4)))).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]);
    expect(looked).toBe(2);
    figures.take(lines.slice(11));
    expect(looked).toBe(2);
  });

  test("and one of another host that comes before all that are kept", () => {
    const figures = new Figures((stream) => stream);
    figures.take(lines.slice(0, 10));
    expect(losses(figures.take([line(4.5, "b"), ...lines.slice(4, 10)]))).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [4.5]]);
  });

  test("of several of the same time each counts once", () => {
    const figures = new Figures((stream) => stream);
    const [first, second] = [line(1), line(1)];
    figures.take([first]);
    expect(figures.take([first, second]).get("loss")).toEqual([{ name: "loss", points: [{ x: 1, y: 1 }] }]);
  });

  test("another log begins with nothing", () => {
    const figures = new Figures((stream) => stream);
    figures.take(lines);
    expect(figures.take([]).size).toBe(0);
    expect(losses(figures.take(lines.slice(3, 5)))).toEqual([[4, 5]]);
  });
});
