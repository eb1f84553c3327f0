import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { ApiError } from "../api/http";
import { orReplaced, Problem } from "./problem";

test("a part that is gone with the console it belonged to: reloading helps, another try does not", async () => {
  const error: unknown = await orReplaced(Promise.reject(new TypeError("Failed to fetch dynamically imported module"))).catch((thrown: unknown) => thrown);
  const html = renderToStaticMarkup(<Problem error={error} onRetry={() => {}} />);
  expect(html).toContain("replaced by a newer one");
  expect(html).toContain("Reload the page</button>");
  expect(html).not.toContain("Try again");
});

test("what else goes wrong can be tried again", () => {
  expect(renderToStaticMarkup(<Problem error={new ApiError("NoAnswer", "Is it running?", 0)} onRetry={() => {}} />)).toContain("Try again");
});
