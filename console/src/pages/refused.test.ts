/** Lists of which nothing is known say what was refused, and not that nothing is there. */
import { createElement, type ComponentType } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test, vi } from "vitest";
import { ApiError } from "../api/http";
import { Permissions } from "./iam/permissions";
import { Policies } from "./iam/policies";
import { Roles } from "./iam/roles";
import { Users } from "./iam/users";
import { Buckets } from "./storage/buckets";

vi.mock("../api/watch", async (original) => ({
  ...(await original<typeof import("../api/watch")>()),
  useRead: () => ({ error: new ApiError("AccessDenied", "alice is not authorized", 403), loading: false }),
}));

const HeldBy = () => createElement(Permissions, { holder: { kind: "role", name: "Flow" } });

test.each<[string, ComponentType]>([
  ["roles", Roles], ["users", Users], ["policies", Policies], ["buckets", Buckets], ["permissions", HeldBy],
])("%s", (_, List) => {
  const shown = renderToStaticMarkup(createElement(List));
  expect(shown).toContain("alice is not authorized");
  expect(shown).not.toContain('class="empty"');
});
