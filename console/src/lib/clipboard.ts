/** Text for the clipboard, on pages that browsers trust with it and on those they do not. */

/** Whether it is there now. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text); // not allowed, or the page is not a secure context and has no clipboard
  }
}

/** Stands in the dialog that the reader is in: what is outside of a modal one cannot be selected. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed"; // nothing scrolls to it
  (before?.closest("dialog") ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } finally {
    area.remove();
    if (before instanceof HTMLElement) before.focus();
  }
}
