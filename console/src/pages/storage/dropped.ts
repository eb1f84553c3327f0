/** Files that were chosen or dropped, folders with all that is in them. */

export interface Named { path: string; file: File }

/** Of an `<input type=file>`: with its folder's name where a folder was chosen. */
export function chosenFiles(list: FileList | null): Named[] {
  return [...(list ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

export async function droppedFiles(data: DataTransfer): Promise<Named[]> {
  // The list is empty once the event is over: everything is taken from it now.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return chosenFiles(data.files);
  return (await Promise.all(entries.map((entry) => filesOf(entry, "")))).flat();
}

async function filesOf(entry: FileSystemEntry, above: string): Promise<Named[]> {
  const path = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const all: Named[] = [];
  for (;;) {
    // A reader answers a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    for (const one of some) all.push(...(await filesOf(one, `${path}/`)));
  }
}
