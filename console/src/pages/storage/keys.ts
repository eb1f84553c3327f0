/** Keys of objects as people see them: folders, names, addresses. */

/** The folder that a key lies in: "a/b/" of "a/b/c" and of "a/b/c/"; "" at the top. */
export function folderOf(key: string): string {
  const inside = key.endsWith("/") ? key.slice(0, -1) : key;
  return inside.slice(0, inside.lastIndexOf("/") + 1);
}

/** What a key is called in its folder: "c" of "a/b/c", "c/" of "a/b/c/". */
export function nameIn(folder: string, key: string): string {
  return key.startsWith(folder) ? key.slice(folder.length) : key;
}

export function uri(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** The folders from the top down to that of `prefix`, each with its name. */
export function trail(prefix: string): { name: string; prefix: string }[] {
  const names = prefix.split("/").slice(0, -1);
  return names.map((name, index) => ({ name: name || "/", prefix: `${names.slice(0, index + 1).join("/")}/` }));
}

/** Why S3 does not take this as a bucket's name, or undefined (Amazon S3 User Guide, "Bucket naming rules"). */
export function wrongBucketName(name: string): string | undefined {
  if (name.length < 3 || name.length > 63) return "3 to 63 characters.";
  if (!/^[a-z0-9.-]+$/.test(name)) return "Lower-case letters, digits, dots and hyphens only.";
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return "Begins and ends with a letter or digit.";
  if (name.includes("..")) return "No two dots in a row.";
  if (/^\d+\.\d+\.\d+\.\d+$/.test(name)) return "Not an IP address.";
  return undefined;
}

/** Why this cannot be a folder's name here, or undefined. */
export function wrongFolderName(name: string): string | undefined {
  if (name.startsWith("/") || name.includes("//")) return "A part between slashes is empty.";
  if (new TextEncoder().encode(name).length > 900) return "Too long.";
  return undefined;
}
