import { afterEach, expect, test, vi } from "vitest";

afterEach(() => void vi.unstubAllGlobals());

/** A browser, as far as addresses go: it tells of a new fragment later than it has it. */
async function browser(hash: string) {
  const later: (() => void)[] = [];
  const location = { hash, replace: (to: string) => void (location.hash = to) };
  vi.stubGlobal("location", location);
  vi.stubGlobal("window", { addEventListener: (_: string, listener: () => void) => later.push(listener) });
  vi.resetModules();
  return { ...(await import("./router")), location, tell: () => later.forEach((listener) => listener()) };
}

test.each([true, false])("who asks where the page is knows at once that it has moved (replacing: %s)", async (replace) => {
  const { go, currentPlace, tell } = await browser("#/jobs");
  go("#/jobs?search=ab", replace);
  const place = currentPlace();
  expect(place.query.get("search")).toBe("ab");
  tell();
  expect(currentPlace()).toBe(place); // the browser's own word is no other place
});

test("the reader goes back, or follows a link", async () => {
  const { currentPlace, location, tell } = await browser("#/jobs");
  location.hash = "#/models";
  tell();
  expect(currentPlace().parts).toEqual(["models"]);
});

test("links that log in", async () => {
  const { loginToken, placeOf } = await browser("");
  expect(["#/login/0af3", "#/login", "#/login/", "#/jobs/login"].map((one) => loginToken(placeOf(one)))).toEqual(["0af3", undefined, undefined, undefined]);
});
