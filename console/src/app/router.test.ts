import { expect, test } from "vitest";
import { href, links, placeOf, shownBy } from "./router";

const ARN = "arn:aws:states:us-east-1:000000000000:execution:Train:run-7";

test("AWS's own links are understood", () => {
  expect(placeOf(`#/executions/details/${ARN}`).parts).toEqual(["executions", "details", ARN]);
  expect(placeOf(`#/executions/details/${encodeURIComponent(ARN)}`).parts[2]).toBe(ARN);
});

test("what is linked is found again, whatever the name", () => {
  for (const name of ["a/b", "50%", "ä?b=c", "x y", "#"]) {
    expect(placeOf(links.job(name)).parts).toEqual(["jobs", name]);
  }
  expect(placeOf(links.objects("b", "a/b c/")).parts).toEqual(["buckets", "b", "a", "b c", ""]);
});

test("things that are called as forms are", () => {
  for (const name of ["create", "compare", "view", "create-2"]) {
    expect(shownBy(placeOf(links.job(name)).parts, "create", "compare")).toEqual({ name });
    expect(shownBy(placeOf(links.model(name)).parts, "create")).toEqual({ name });
  }
  expect(shownBy(placeOf(links.newJob("a")).parts, "create", "compare")).toEqual({ form: "create" });
  expect(shownBy(placeOf("#/models/compare").parts, "create")).toEqual({ name: "compare" });
  expect(shownBy(placeOf("#/jobs").parts, "create")).toEqual({});
});

test("ARNs stay readable, queries are kept", () => {
  expect(links.execution(ARN)).toBe(`#/executions/details/${ARN}`);
  expect(placeOf(href(["jobs"], { names: "a,b", none: undefined })).query.get("names")).toBe("a,b");
});

test("malformed escapes are taken as they stand", () => {
  expect(placeOf("#/jobs/50%").parts).toEqual(["jobs", "50%"]);
});
