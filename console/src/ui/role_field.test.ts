import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { RoleField } from "./role_field";

test.each<[string, string, readonly string[] | undefined, boolean, string]>([
  ["no role fits", "a", [], false, "No role trusts Step Functions yet"], ["one fits, another is written", "arn:b", ["arn:a"], false, "Executions act as it."],
  ["roles may not be listed", "a", undefined, true, "You may not list roles"], ["they are not known yet", "", undefined, false, "Executions act as it."],
])("any ARN can be typed where %s", (_, value, fitting, unlisted, told) => {
  const html = renderToStaticMarkup(createElement(RoleField, {
    value, onChange: () => {}, roles: { fitting, unlisted }, service: "Step Functions", hint: "Executions act as it.",
  }));
  expect(html).toContain(`value="${value}"`);
  expect(html).toContain(told);
  expect(html).not.toContain("<select");
  expect([...html.matchAll(/<option value="([^"]*)"/g)].map(([, arn]) => arn)).toEqual(fitting ?? []);
});
