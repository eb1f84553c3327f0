import { afterEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../api/http";
import { deleteHolder } from "./delete_holder";
import { attachEach } from "./holder";

const AWS = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
const DOCUMENT = '{"Statement":[]}';

/** IAM with one role or user that has an attached policy, an inline one and a key; `refused` operations are refused. */
function iam(refused: (operation: string, input: Record<string, string>) => boolean) {
  const has = { attached: new Set([AWS]), inline: new Map([["Own", DOCUMENT]]), keys: new Set(["AKIA1"]), deleted: false };
  const answers: Record<string, (input: Record<string, string>) => unknown> = {
    ListAttached: () => ({ AttachedPolicies: [...has.attached].map((PolicyArn) => ({ PolicyArn, PolicyName: "AmazonS3FullAccess" })) }),
    List: () => ({ PolicyNames: [...has.inline.keys()] }),
    Get: ({ PolicyName }) => ({ PolicyDocument: encodeURIComponent(has.inline.get(PolicyName!)!) }),
    Attach: ({ PolicyArn }) => has.attached.add(PolicyArn!),
    Detach: ({ PolicyArn }) => has.attached.delete(PolicyArn!),
    Put: ({ PolicyName, PolicyDocument }) => has.inline.set(PolicyName!, PolicyDocument!),
    Delete: ({ PolicyName }) => has.inline.delete(PolicyName!),
    ListAccessKeys: () => ({ AccessKeyMetadata: [...has.keys].map((AccessKeyId) => ({ AccessKeyId })) }),
    DeleteAccessKey: ({ AccessKeyId }) => has.keys.delete(AccessKeyId!),
    DeleteRole: () => (has.deleted = true),
    DeleteUser: () => (has.deleted = true),
  };
  vi.stubGlobal("fetch", async (path: string, { body }: { body: string }) => {
    const operation = path.split("/").at(-1)!;
    const input = JSON.parse(body) as Record<string, string>;
    if (refused(operation, input)) return new Response(JSON.stringify({ __type: "AccessDenied", message: `no ${operation}` }), { status: 403 });
    const kind = operation.replace(/(Role|User)Polic(y|ies)$/, "");
    return new Response(JSON.stringify(answers[kind]!(input) ?? {}));
  });
  return has;
}

afterEach(() => void vi.unstubAllGlobals());

test("what cannot be attached is told, and the others are attached", async () => {
  const has = iam((operation, { PolicyArn }) => operation === "AttachRolePolicy" && PolicyArn === "b");
  const { refused, refusal } = await attachEach({ kind: "role", name: "Flow" }, ["a", "b", "c"]);
  expect(refused).toEqual(["b"]);
  expect(refusal).toMatchObject({ code: "AccessDenied", message: "no AttachRolePolicy" });
  expect(has.attached).toEqual(new Set([AWS, "a", "c"]));
});

describe("deleting", () => {
  const failure = (kind: "role" | "user") => deleteHolder({ kind, name: "Flow" }).then(() => undefined, (error: unknown) => error as ApiError);

  test("with all that hangs on it", async () => {
    const has = iam(() => false);
    await deleteHolder({ kind: "role", name: "Flow" });
    expect(has).toMatchObject({ attached: new Set(), inline: new Map(), deleted: true });
  });

  test("what was taken before the refusal comes back, and the refusal says so", async () => {
    const has = iam((operation) => operation === "DeleteRole");
    const error = await failure("role");
    expect(has).toMatchObject({ attached: new Set([AWS]), inline: new Map([["Own", DOCUMENT]]) });
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code: "AccessDenied", denied: true });
    expect(error!.message).toBe("The role Flow was not deleted, and has all of its policies again. no DeleteRole");
  });

  test("what cannot be put back is named, documents with their text", async () => {
    iam((operation) => /^(DeleteUser|Attach|Put)/.test(operation) && operation !== "DeleteUserPolicy");
    const { message } = (await failure("user"))!;
    expect(message).toContain("The user Flow was not deleted");
    for (const lost of ["the attached policy AmazonS3FullAccess", `the inline policy Own: ${DOCUMENT}`, "the access key AKIA1"]) expect(message).toContain(lost);
  });

  test("nothing is taken before all of it has been read", async () => {
    const has = iam((operation) => operation === "GetRolePolicy");
    expect((await failure("role"))!.message).toBe("no GetRolePolicy");
    expect(has.attached.size).toBe(1);
  });
});
