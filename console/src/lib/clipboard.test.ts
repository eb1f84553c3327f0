import { afterEach, describe, expect, test, vi } from "vitest";
import { copyText } from "./clipboard";

afterEach(() => vi.unstubAllGlobals());

class Element {
  children: unknown[] = [];
  focus = vi.fn();
  constructor(readonly dialog: Element | null) {}
  closest() { return this.dialog; }
  append(child: unknown) { this.children.push(child); }
}

/** A page whose `execCommand` answers that, and takes the text from where it was put. */
function page({ inDialog, copies }: { inDialog: boolean; copies: boolean }) {
  const dialog = inDialog ? new Element(null) : null;
  const active = new Element(dialog);
  const body = new Element(null);
  const area = { value: "", style: {}, select: vi.fn(), remove: vi.fn() };
  const execCommand = vi.fn(() => copies && (dialog ?? body).children[0] === area);
  vi.stubGlobal("HTMLElement", Element);
  vi.stubGlobal("document", { activeElement: active, body, createElement: () => area, execCommand });
  return { active, area, execCommand };
}

describe("copied", () => {
  test("by the clipboard where there is one", async () => {
    const { execCommand } = page({ inDialog: false, copies: true });
    const writeText = vi.fn(() => Promise.resolve());
    vi.stubGlobal("navigator", { clipboard: { writeText } });
    expect(await copyText("a")).toBe(true);
    expect(writeText).toHaveBeenCalledWith("a");
    expect(execCommand).not.toHaveBeenCalled();
  });
  test.each([
    ["over http, in a dialog", {}, true, true], ["over http, on a page", {}, false, true], ["over http, refused", {}, true, false],
    ["where the clipboard refuses", { clipboard: { writeText: () => Promise.reject(new Error("denied")) } }, false, true],
    ["where both refuse", { clipboard: { writeText: () => Promise.reject(new Error("denied")) } }, false, false],
  ])("%s", async (_, navigator, inDialog, copies) => {
    const { active, area } = page({ inDialog, copies });
    vi.stubGlobal("navigator", navigator);
    expect(await copyText("a\nb")).toBe(copies);
    expect(area.value).toBe("a\nb");
    expect(area.remove).toHaveBeenCalled();
    expect(active.focus).toHaveBeenCalled();
  });
});
