import { describe, expect, test } from "vitest";
import { contextOf, deniedOf, remedy, whoOf } from "./denied";
import { cutAt, decodedDocument, part, STARTS, trustOf, wrongJson, wrongName } from "./documents";
import { trustedBy } from "./trust";

const ROLE = "arn:aws:iam::000000000000:role/service-role/Job";
const SESSION = "arn:aws:sts::000000000000:assumed-role/Job/run-7";

describe("refusals", () => {
  test("in IAM's words", () => {
    expect(deniedOf(`User: ${SESSION} is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action`))
      .toEqual({ principal: SESSION, action: "s3:GetObject", resource: "arn:aws:s3:::b/k", reason: "because no identity-based policy allows the s3:GetObject action" });
    expect(deniedOf(
      `AccessDenied: User: ${SESSION} is not authorized to perform: iam:PassRole on resource: ${ROLE} with an explicit deny in an identity-based policy (Service: …)`
      ))
      .toMatchObject({ action: "iam:PassRole", resource: ROLE, reason: "with an explicit deny in an identity-based policy (Service: …)" });
  });
  test("without a resource, with a full stop", () => {
    expect(deniedOf(`User: ${ROLE} is not authorized to perform: sts:AssumeRole`)).toMatchObject({ resource: "*", reason: "" });
    expect(deniedOf(`User: ${ROLE} is not authorized to perform: a:B on resource: x.`)).toMatchObject({ resource: "x" });
  });
  test.each(["", "Access Denied", "User: x is sad"])("%s is none", (text) => expect(deniedOf(text)).toBeUndefined());

  test.each([
    [SESSION, { kind: "role", name: "Job" }], [ROLE, { kind: "role", name: "Job" }],
    ["arn:aws:iam::000000000000:user/team/alice", { kind: "user", name: "alice" }],
    ["arn:aws:iam::000000000000:root", { kind: "root" }], ["alice", { kind: "unknown" }], ["", { kind: "unknown" }],
  ])("%s", (arn, who) => expect(whoOf(arn)).toEqual(who));

  test("the remedy parses, and passes only to whom it must", () => {
    expect(JSON.parse(remedy("s3:GetObject", "")).Statement).toEqual([{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }]);
    expect(remedy("iam:PassRole", ROLE, "sagemaker.amazonaws.com")).toContain('"iam:PassedToService": "sagemaker.amazonaws.com"');
  });

  test("context", () => {
    expect(contextOf("a:b=c\n\n nonsense \nx:y = 1, 2 \nq:r=s=t")).toEqual([
      { ContextKeyName: "a:b", ContextKeyValues: ["c"], ContextKeyType: "string" },
      { ContextKeyName: "x:y", ContextKeyValues: ["1", "2"], ContextKeyType: "stringList" },
      { ContextKeyName: "q:r", ContextKeyValues: ["s=t"], ContextKeyType: "string" },
    ]);
  });
});

describe("documents", () => {
  test("as IAM sends them", () => {
    expect(decodedDocument("%7B%22a%22%3A%20%22%25%22%7D")).toBe('{"a": "%"}');
    expect(decodedDocument('{"a": "100%"}')).toBe('{"a": "100%"}');
    expect(decodedDocument(undefined)).toBe("");
  });
  test("what is no document", () => {
    expect(wrongJson("{}")).toBeUndefined();
    for (const text of ["", "[]", "1", "{"]) expect(wrongJson(text)).toBeTruthy();
  });
  test.each([["Step_1+=,.@-", true], ["a b", false], ["x".repeat(65), false], ["", true]])("name %s: %s", (name, good) =>
    expect(wrongName(name, 64) === undefined).toBe(good));
  test("all beginnings are documents", () => {
    for (const { text } of STARTS) expect(wrongJson(text)).toBeUndefined();
    expect(JSON.parse(trustOf({ Service: "states.amazonaws.com" })).Statement[0].Principal.Service).toBe("states.amazonaws.com");
  });
});

describe("the statement that decides", () => {
  const text = '{\n  "Statement": [\n    {"Sid": "ä😀"}, {\n      "Sid": "B"\n    }\n  ]\n}';
  test("by lines and columns of characters", () => {
    expect(text.slice(...Object.values(part(text, { Line: 2, Column: 17 }, { Line: 3, Column: 18 })) as [number, number])).toBe('{"Sid": "ä😀"}'.slice(0, 14));
    const second = part(text, { Line: 3, Column: 19 }, { Line: 5, Column: 6 });
    expect(text.slice(second.from, second.to)).toBe('{\n      "Sid": "B"\n    }');
    expect(cutAt(text, { Line: 3, Column: 19 }, { Line: 5, Column: 6 })[1]).toBe('{\n      "Sid": "B"\n    }');
  });
  test("spread out where all is on one line", () => {
    const line = '{"Statement":[{"Sid":"A"},{"Sid":"B"}]}';
    const [before, inside, after] = cutAt(line, { Line: 1, Column: 27 }, { Line: 1, Column: 38 });
    expect(inside).toBe('{\n      "Sid": "B"\n    }');
    expect(before + inside + after).toBe(JSON.stringify(JSON.parse(line), null, 2));
    const alone = '{"Statement":{"Sid":"A"}}';
    expect(cutAt(alone, { Line: 1, Column: 14 }, { Line: 1, Column: 25 })[1]).toBe('{\n    "Sid": "A"\n  }');
  });
});

test.each([
  [trustOf({ Service: ["sagemaker.amazonaws.com", "states.us-east-1.amazonaws.com"] }), ["sagemaker", "states"]],
  [trustOf({ AWS: "arn:aws:iam::000000000000:root" }), ["account 000000000000"]],
  [trustOf({ AWS: ["000000000000", "arn:aws:iam::000000000000:user/team/alice"] }), ["account 000000000000", "user alice"]],
  ['{"Statement":{"Effect":"Deny","Principal":{"AWS":"*"}}}', []],
  ["{", []],
])("whom %s trusts", (document, names) => expect(trustedBy(document)).toEqual(names));
