/** Files that the browser saves. */

/** The browser reads the blob some time after the click. */
const KEPT_MS = 10_000;

export function saveAs(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replace(/[^\p{L}\p{N}_.-]+/gu, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), KEPT_MS);
}
