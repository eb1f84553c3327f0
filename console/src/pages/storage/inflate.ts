/** gzip, unpacked by the browser. */

/** At most `limit` bytes of what is packed; `whole`: that was all, and nothing was cut off. */
export async function inflated(packed: Uint8Array<ArrayBuffer>, limit: number): Promise<{ bytes: Uint8Array<ArrayBuffer>; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let whole = true;
  try {
    for await (const chunk of unpacked(new Blob([packed]).stream())) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) {
        whole = false;
        break;
      }
    }
  } catch {
    whole = false; // the packed bytes end before their stream does
  }
  const bytes = new Uint8Array(Math.min(length, limit));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk.subarray(0, bytes.length - at), at);
    at += Math.min(chunk.length, bytes.length - at);
  }
  return { bytes, whole };
}

/** The unpacked bytes as they come; leaving the loop ends the stream. */
export async function* unpacked(packed: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  yield* chunksOf(packed.pipeThrough(new DecompressionStream("gzip")));
}

export async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
