import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Button, TextField } from "./controls";

test.each([
  [{ title: "Not yet" }, 'title="Not yet"'], [{ label: "Close" }, 'aria-label="Close" title="Close"'], [{ label: "Close", title: "Not yet" }, 'aria-label="Close" title="Not yet"'],
])("a button's name and title %j", (props, html) => expect(renderToStaticMarkup(createElement(Button, props))).toContain(html));

test("a dialog finds the field that it shall begin at", () => {
  const field = (autoFocus: boolean) => renderToStaticMarkup(createElement(TextField, { label: "Name", value: "", onChange: () => {}, autoFocus }));
  expect(field(true)).toContain('data-autofocus="true"');
  expect(field(false)).not.toContain("data-autofocus");
});
