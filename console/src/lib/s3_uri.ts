/** Addresses of objects, as services write them. Pure. */

export interface S3Place { bucket: string; key: string }

/** "s3://bucket/a/b"; undefined when it is none. */
export function s3Place(uri: string): S3Place | undefined {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri);
  return match ? { bucket: match[1]!, key: match[2]! } : undefined;
}
