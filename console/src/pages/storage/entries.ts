/** The rows of a folder, from a page of ListObjectsV2. */
import type { Output } from "../../api/services";
import { nameIn } from "./keys";

export interface Entry {
  key: string;
  name: string;
  folder: boolean;
  size: number;
  modified?: number | undefined;
}

/** Folders before objects; the folder's own empty object is not in it. */
export function entriesOf(folder: string, page: Output<"s3", "ListObjectsV2">): Entry[] {
  const folders = (page.CommonPrefixes ?? []).map(({ Prefix = "" }) => ({
    key: Prefix, name: nameIn(folder, Prefix), folder: true, size: 0,
  }));
  const objects = (page.Contents ?? []).filter(({ Key }) => Key !== folder).map(({ Key = "", Size = 0, LastModified }) => ({
    key: Key, name: nameIn(folder, Key), folder: false, size: Size, modified: LastModified,
  }));
  return [...folders, ...objects];
}
