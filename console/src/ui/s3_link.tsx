/** An address in S3 that leads to the browser of objects. */
import { links } from "../app/router";
import { s3Place } from "../lib/s3_uri";

/** `folder`: the address is a prefix, also where it does not end with a slash. */
export function S3Link({ uri, folder }: { uri: string; folder?: boolean }) {
  const place = s3Place(uri);
  if (!place) return <code className="break">{uri}</code>;
  const key = folder && place.key !== "" && !place.key.endsWith("/") ? `${place.key}/` : place.key;
  return <a className="mono break" href={links.objects(place.bucket, key)}>{uri}</a>;
}
