import { afterEach, expect, test, vi } from "vitest";
import { ofSession } from "./of_session";
import { logIn, logOut } from "./session";

afterEach(() => void vi.unstubAllGlobals());

test("what one principal's answers left is gone when another one logs in, and when nobody is", async () => {
  vi.stubGlobal("fetch", async () => new Response(JSON.stringify({ arn: "a" })));
  vi.stubGlobal("document", { visibilityState: "visible" });
  const known = ofSession(new Map([["job", 1]]));
  await logIn({ token: "erin's" });
  expect(known.size).toBe(0);
  known.set("job", 2);
  await logIn({ token: "root's" });
  expect(known.size).toBe(0);
  known.set("job", 3);
  await logOut();
  expect(known.size).toBe(0);
});
