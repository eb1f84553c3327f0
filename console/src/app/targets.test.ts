import { describe, expect, test } from "vitest";
import { ApiError } from "../api/http";
import { askedOf, Finder, matching, targetOf, type Target } from "./targets";

describe("an address that was pasted", () => {
  test.each([
    ["arn:aws:states:r:0:stateMachine:Train", "State machine", "Train", "#/statemachines/view/arn:aws:states:r:0:stateMachine:Train"],
    ["arn:aws:states:r:0:stateMachine:Train:3", "State machine", "Train", "#/statemachines/view/arn:aws:states:r:0:stateMachine:Train:3"],
    [" arn:aws:states:r:0:execution:Train:run-7\n", "Execution of Train", "run-7", "#/executions/details/arn:aws:states:r:0:execution:Train:run-7"],
    ["arn:aws:sagemaker:r:0:training-job/job-101", "Training job", "job-101", "#/jobs/job-101"],
    ["arn:aws:sagemaker:r:0:endpoint/create", "Endpoint", "create", "#/endpoints/view/create"],
    ["arn:aws:sagemaker:r:0:model/digits", "Model", "digits", "#/models/digits"],
    ["arn:aws:iam::0:role/service-role/Flow", "Role", "Flow", "#/roles/Flow"],
    ["arn:aws:sts::0:assumed-role/Flow/session", "Role", "Flow", "#/roles/Flow"],
    ["arn:aws:iam::0:user/erin", "User", "erin", "#/users/erin"],
    ["arn:aws:iam::aws:policy/ReadOnlyAccess", "Policy", "ReadOnlyAccess", "#/policies/arn:aws:iam::aws:policy%2FReadOnlyAccess"],
    ["arn:aws:s3:::data", "Bucket", "data", "#/buckets/data"],
    ["arn:aws:s3:::data/a/b.txt", "Object", "data/a/b.txt", "#/buckets/data/a/b.txt"],
    ["s3://data/a/b.txt", "Object", "data/a/b.txt", "#/buckets/data/a/b.txt"],
  ])("%s", (text, kind, name, href) => {
    expect(targetOf(text)).toMatchObject({ kind, name, href });
  });
  test.each(["job-101", "arn:aws:lambda:r:0:function:f", "arn:aws:states:r:0:stateMachine:", ""])("%j is none", (text) => expect(targetOf(text)).toBeUndefined());
});

const thing = (name: string, kind = "Role"): Target => ({ name, kind, icon: "iam", href: `#/${kind}/${name}` });

test("names that begin so come first, then those that have it, then those of that kind", () => {
  const all = [thing("a", "Execution of run"), thing("my-run"), thing("run-1"), thing("other")];
  expect(matching(all, "RUN").map(({ name }) => name)).toEqual(["run-1", "my-run", "a"]);
  expect(matching(all, "role run").map(({ name }) => name)).toEqual(["my-run", "run-1"]);
  expect(matching(all, "").length).toBe(4);
});

test("services are asked for a name, not for what kind of thing it is of", () => {
  expect([askedOf("job-101 train", "Training job"), askedOf("training job", "Training job"), askedOf("", "Model")]).toEqual(["job-101", undefined, undefined]);
});

describe("looking", () => {
  const never = new AbortController().signal;

  test("searches where there is a search, lists once where there is none", async () => {
    const asked: string[] = [];
    const finder = new Finder([
      { kind: "Training job", searched: true, list: async (word) => {
        asked.push(`jobs ${word}`);
        return [thing("job-101")];
      } },
      { kind: "Role", list: async () => {
        asked.push("roles");
        return [thing("Flow")];
      } },
    ]);
    const found: string[] = [];
    for (const text of ["job-101", "job-1", "a_b"]) await finder.find(text, never, (targets) => found.push(...targets.map(({ name }) => name)));
    expect(asked).toEqual(["jobs job-101", "roles", "jobs job-1"]); // no job has a name with an underscore
    expect(found).toContain("job-101");
  });

  test("what may not be listed is left out; what did not come is told, and asked for again", async () => {
    let fault: ApiError | undefined = new ApiError("NoAnswer", "no answer", 0);
    const finder = new Finder([
      { kind: "User", list: async () => {
        throw new ApiError("AccessDenied", "no", 403);
      } },
      { kind: "Role", list: async () => {
        if (fault) throw fault;
        return [thing("Flow")];
      } },
    ]);
    expect(await finder.find("", never, () => {})).toBe(fault);
    fault = undefined;
    const found: Target[] = [];
    expect(await finder.find("", never, (targets) => found.push(...targets))).toBeUndefined();
    expect(found.map(({ name }) => name)).toEqual(["Flow"]);
  });
});
