/** Deleting what lies under prefixes: counted first, then in S3's batches. */
import { call } from "../../api/call";

/** DeleteObjects takes so many (Amazon S3 API Reference). */
const BATCH = 1000;

export interface Counted { keys: string[]; size: number }

/** All objects that are named, and all below the prefixes; tells how many as it goes. */
export async function countObjects(
  bucket: string, keys: readonly { key: string; size: number }[], prefixes: readonly string[], signal: AbortSignal,
  onCount: (so: { count: number; size: number }) => void,
): Promise<Counted> {
  const found: Counted = { keys: keys.map(({ key }) => key), size: keys.reduce((sum, { size }) => sum + size, 0) };
  for (const prefix of prefixes) {
    let token: string | undefined;
    do {
      const page = await call("s3", "ListObjectsV2", { Bucket: bucket, Prefix: prefix, MaxKeys: 1000, ContinuationToken: token }, signal);
      for (const { Key, Size } of page.Contents ?? []) {
        found.keys.push(Key!);
        found.size += Size ?? 0;
      }
      onCount({ count: found.keys.length, size: found.size });
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token);
  }
  return found;
}

/** Error with the first refusal's words when some could not be deleted. */
export async function deleteObjects(bucket: string, keys: readonly string[], signal: AbortSignal, onDeleted: (count: number) => void): Promise<void> {
  const refused: string[] = [];
  for (let at = 0; at < keys.length; at += BATCH) {
    const batch = keys.slice(at, at + BATCH);
    const answer = await call("s3", "DeleteObjects", { Bucket: bucket, Delete: { Objects: batch.map((Key) => ({ Key })), Quiet: true } }, signal);
    refused.push(...(answer.Errors ?? []).map((one) => `${one.Key}: ${one.Code}: ${one.Message}`));
    onDeleted(Math.min(at + BATCH, keys.length) - refused.length);
  }
  if (refused.length > 0) throw new Error(`${refused.length} of ${keys.length} were not deleted. ${refused[0]}`);
}
