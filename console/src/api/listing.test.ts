import { describe, expect, test } from "vitest";
import { continued, followed, readAgain, renewed, shownRows, type Listing, type PageOf } from "./listing";

const SIZE = 3;
interface Row { name: string; state?: string }
interface Out { all: readonly Row[]; next: string | undefined }
const PAGE: PageOf<Out, Row> = { rows: (page) => page.all, token: (page) => page.next, id: (row) => row.name };

const rowsOf = (text: string): Row[] => [...text].map((name) => ({ name }));

/** A service whose list, newest first, is `state.all`; tokens are names of last rows. */
function service(text: string) {
  const state = { all: rowsOf(text), asked: 0 };
  const page = (from: number): Out => ({ all: state.all.slice(from, from + SIZE), next: from + SIZE < state.all.length ? state.all[from + SIZE - 1]!.name : undefined });
  // A row's place outlives the row: "d" is before "c", which is older.
  const fetchPage = async (token: string) => {
    state.asked += 1;
    const at = state.all.findIndex((row) => row.name < token);
    return page(at < 0 ? state.all.length : at);
  };
  return { state, first: () => page(0), fetchPage };
}

const names = (list: Listing<Row>) => shownRows(list, PAGE.id).map((row) => row.name).join("");
const follow = (list: Listing<Row>, page: Out) => followed(list, page.all, page.next !== undefined, PAGE.id);

/** "ihg fed" of "ihgfedcba", two pages of three. */
async function twoPages() {
  const { state, first, fetchPage } = service("ihgfedcba");
  const begin: Listing<Row> = { first: first().all, behind: null };
  const list = continued(begin, await fetchPage("g"), PAGE);
  const again = async (of: Listing<Row>) => renewed(of, of, await readAgain(first().next!, of.behind!, PAGE, fetchPage), PAGE.id);
  return { state, first, fetchPage, list, again };
}

describe("a first page that moves on", () => {
  test("what newer rows push off it stays, in its place", async () => {
    const { state, first, list, again } = await twoPages();
    state.all = rowsOf("kjihgfedcba");
    const moved = follow(list, first());
    expect(names(moved)).toBe("kjihgfed");
    expect(names(await again(moved))).toBe("kjihgfedc"); // to where the last row is now: a page further
  });

  test("a row that is deleted is none that was pushed", async () => {
    const { state, first, list } = await twoPages();
    state.all = rowsOf("ihfedcba"); // the last one of the page: another one came up from behind
    expect(names(follow(list, first()))).toBe("ihfed");
    state.all = rowsOf("jigfedcba"); // one is new, one gone
    expect(names(follow(list, first()))).toBe("jigfed");
  });

  test("nothing is lost when all of it is new, and what lies between comes with the next reading", async () => {
    const { state, first, list, again } = await twoPages();
    state.all = rowsOf("onmlkjihgfedcba");
    const moved = follow(list, first());
    expect(names(moved)).toBe("onmihgfed");
    expect(names(await again(moved))).toBe("onmlkjihgfed");
  });

  test("a list that ends with its first page has nothing behind", async () => {
    const { state, first, list } = await twoPages();
    state.all = rowsOf("if");
    expect(names(follow(list, first()))).toBe("if");
  });
});

describe("older pages are read again", () => {
  test("they are as they are now: changed, deleted", async () => {
    const { state, list, again } = await twoPages();
    state.all = state.all.filter((row) => row.name !== "e").map((row) => ({ ...row, state: "Completed" }));
    const fresh = await again(list);
    expect(names(fresh)).toBe("ihgfdc");
    expect(fresh.behind!.rows.every((row) => row.state === "Completed")).toBe(true);
    expect([fresh.behind!.pages, state.asked]).toEqual([1, 2]);
  });

  test("what is pushed off meanwhile is not lost, and a page that was asked for meanwhile goes first", async () => {
    const { state, first, fetchPage, list } = await twoPages();
    const fresh = await readAgain(first().next!, list.behind!, PAGE, fetchPage);
    state.all = rowsOf("jihgfedcba");
    expect(names(renewed(follow(list, first()), list, fresh, PAGE.id))).toBe("jihgfed");
    const longer = continued(list, await fetchPage("d"), PAGE);
    expect(renewed(longer, list, fresh, PAGE.id)).toBe(longer);
  });
});
