import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { RoleField } from "./role_picker";

const field = (value: string, fitting: readonly string[] | undefined, unlisted = false) =>
  renderToStaticMarkup(createElement(RoleField, { value, onChange: () => {}, fitting, unlisted }));

test.each<[string, string, readonly string[] | undefined, boolean, string]>([
  ["no role fits", "a", [], false, "No role trusts Step Functions yet"], ["one fits, another is written", "arn:b", ["arn:a"], false, "act as this role"],
  ["roles may not be listed", "a", undefined, true, "You may not list roles"], ["they are not known yet", "", undefined, false, "act as this role"],
])("any ARN can be typed where %s", (_, value, fitting, unlisted, hint) => {
  const html = field(value, fitting, unlisted);
  expect(html).toContain(`value="${value}"`);
  expect(html).toContain(hint);
  expect(html).not.toContain("<select");
  expect([...html.matchAll(/<option value="([^"]*)"/g)].map(([, arn]) => arn)).toEqual(fitting ?? []);
});
