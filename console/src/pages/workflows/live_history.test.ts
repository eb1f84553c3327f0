import { describe, expect, test, vi } from "vitest";
import type { HistoryEvent } from "@types-of/states";
import { Follower } from "./live_history";

const event = (id: number) => ({ id, previousEventId: id - 1, type: "WaitStateEntered", timestamp: id, stateEnteredEventDetails: { name: `S${id}` } }) as HistoryEvent;
const upTo = (last: number) => Array.from({ length: last }, (_, index) => event(index + 1));
const newestOf = (last: number, count = 3) => upTo(last).reverse().slice(0, count);

/** A service with pages of four events. */
function service(length: () => number) {
  const asked: string[] = [];
  const fetch = async ({ reverseOrder, nextToken }: { reverseOrder: boolean; nextToken?: string }) => {
    const all = reverseOrder ? upTo(length()).reverse() : upTo(length());
    const at = Number(nextToken ?? 0);
    asked.push(`${reverseOrder ? "newest" : "oldest"} ${at}`);
    return { events: all.slice(at, at + 4), nextToken: at + 4 < all.length ? String(at + 4) : undefined };
  };
  return { fetch, asked };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe("following a history", () => {
  test("a short one needs no page", async () => {
    const { fetch, asked } = service(() => 2);
    const follower = new Follower(fetch, () => {}, () => {});
    follower.newest(newestOf(2));
    await settled();
    expect([follower.history.lastId, asked]).toEqual([2, []]);
  });

  test("a long one from its start, then what joins, then the gap", async () => {
    let length = 10;
    const { fetch, asked } = service(() => length);
    const follower = new Follower(fetch, () => {}, () => {});
    follower.newest(newestOf(10));
    await settled();
    expect([follower.history.lastId, asked]).toEqual([10, ["oldest 0", "oldest 4", "oldest 8"]]);
    length = 12;
    follower.newest(newestOf(12));
    await settled();
    expect([follower.history.lastId, asked.length]).toEqual([12, 3]);
    length = 22;
    follower.newest(newestOf(22));
    await settled();
    expect(follower.history.events.map((one) => one.id)).toEqual(upTo(22).map((one) => one.id));
    expect(asked.slice(3)).toEqual(["newest 0", "newest 4", "newest 8"]);
  });

  test("answers that come while pages are fetched", async () => {
    let length = 9;
    const { fetch } = service(() => length);
    const follower = new Follower(fetch, () => {}, () => {});
    follower.newest(newestOf(9));
    length = 30;
    follower.newest(newestOf(20));
    follower.newest(newestOf(30));
    await settled();
    expect(follower.history.events.map((one) => one.id)).toEqual(upTo(30).map((one) => one.id));
  });

  test("what failed is fetched again, without another answer: the execution may have ended", async () => {
    vi.useFakeTimers();
    const errors: unknown[] = [];
    let refusals = 2;
    const { fetch } = service(() => 9);
    const follower = new Follower(async (input) => {
      if (refusals-- > 0) throw new Error("no");
      return fetch(input);
    }, () => {}, (error) => errors.push(error));
    follower.newest(newestOf(9));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([follower.history.lastId, follower.complete]).toEqual([9, true]);
    expect(errors).toEqual([new Error("no"), new Error("no"), undefined]);
    vi.useRealTimers();
  });

  test("nothing is fetched for a page that was left", async () => {
    vi.useFakeTimers();
    let fetches = 0;
    const follower = new Follower(async () => {
      fetches += 1;
      throw new Error("no");
    }, () => {}, () => {});
    follower.newest(newestOf(9));
    await vi.advanceTimersByTimeAsync(1);
    follower.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetches).toBe(1);
    vi.useRealTimers();
  });

  test("a refusal is told, and the next answer tries again", async () => {
    const errors: unknown[] = [];
    let refuse = true;
    const { fetch } = service(() => 9);
    const follower = new Follower(async (input) => {
      if (refuse) throw new Error("no");
      return fetch(input);
    }, () => {}, (error) => errors.push(error));
    follower.newest(newestOf(9));
    await settled();
    refuse = false;
    follower.newest(newestOf(9));
    await settled();
    expect([errors, follower.history.lastId]).toEqual([[new Error("no"), undefined], 9]);
  });
});
