/** One folder of a bucket, with what is chosen in it beside it. */
import { useMemo, useRef, useState } from "react";
import { request } from "../../api/http";
import { objectPath } from "../../api/raw";
import { read, useRead } from "../../api/watch";
import { Page } from "../../app/page";
import { go, links } from "../../app/router";
import { Button, TextField } from "../../ui/controls";
import { Copy } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Menu } from "../../ui/menu";
import { chosenFiles, droppedFiles, type Named } from "./dropped";
import { entriesOf } from "./entries";
import { folderOf, nameIn, trail, uri, wrongFolderName } from "./keys";
import { Listing } from "./listing";
import { ObjectPanel } from "./object";
import { RemoveBucket, RemoveObjects, type Doomed } from "./remove_dialog";
import { uploads } from "./upload";
import { UploadsPanel } from "./uploads";

/** Rows of a page: quick to draw, and again whenever something was committed. */
const PAGE = 250;

export function Browser({ bucket, path }: { bucket: string; path: string }) {
  const chosen = path.endsWith("/") || path === "" ? undefined : path;
  const folder = chosen === undefined ? path : folderOf(path);
  const [dialog, setDialog] = useState<"folder" | "bucket" | Doomed>();
  const close = () => setDialog(undefined);
  const upload = (files: readonly Named[]) => uploads.add(bucket, files.map(({ path: name, file }) => ({ key: folder + name, file })));
  return (
    <Page crumbs={crumbsOf(bucket, chosen ?? folder)} title={trail(folder).at(-1)?.name ?? bucket}
      about={<Where bucket={bucket} prefix={folder} />}
      actions={
        <>
          <UploadButtons onFiles={upload} />
          <Button icon="folder" onClick={() => setDialog("folder")}>Create folder</Button>
          <Menu label="More actions" items={[{ label: "Delete bucket", icon: "trash", onChoose: () => setDialog("bucket") }]} />
        </>
      }>
      <UploadsPanel bucket={bucket} />
      <DropZone onFiles={upload}>
        <div className={`storage-browser ${chosen === undefined ? "" : "open"}`}>
          <Folder key={folder} bucket={bucket} folder={folder} chosen={chosen} onRemove={setDialog} />
          {chosen !== undefined && (
            <div className="storage-open">
              <ObjectPanel key={chosen} bucket={bucket} objectKey={chosen} onClose={() => go(links.objects(bucket, folder))}
                onRemove={(size) => setDialog({ keys: [{ key: chosen, size }], prefixes: [] })} />
            </div>
          )}
        </div>
      </DropZone>
      {dialog === "folder" && <CreateFolder bucket={bucket} folder={folder} onClose={close} />}
      {dialog === "bucket" && <RemoveBucket bucket={bucket} onClose={close} />}
      {typeof dialog === "object" && (
        <RemoveObjects bucket={bucket} doomed={dialog} onClose={close} onDone={() => {
          if (dialog.keys.some(({ key }) => key === chosen)) go(links.objects(bucket, folder));
        }} />
      )}
    </Page>
  );
}

function crumbsOf(bucket: string, key: string) {
  const folders = trail(key).map(({ name, prefix }) => ({ text: name, href: links.objects(bucket, prefix) }));
  const last = key !== "" && !key.endsWith("/") ? [{ text: nameIn(folderOf(key), key) }] : [];
  return [{ text: "Storage", href: links.buckets }, { text: bucket, href: links.objects(bucket) }, ...folders, ...last];
}

/** The whole way as links: the bar has no room for it on narrow screens. */
function Where({ bucket, prefix }: { bucket: string; prefix: string }) {
  return (
    <div className="row">
      <ol className="storage-trail mono" aria-label="Folders">
        <li><a href={links.buckets}>s3:</a> <a href={links.objects(bucket)}>{bucket}</a></li>
        {trail(prefix).map(({ name, prefix: to }) => (
          <li key={to}><Icon name="right" size={12} /><a href={links.objects(bucket, to)}>{name}</a></li>
        ))}
      </ol>
      <Copy text={uri(bucket, prefix)} label="Copy S3 URI" />
    </div>
  );
}

function UploadButtons({ onFiles }: { onFiles: (files: Named[]) => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folders = useRef<HTMLInputElement>(null);
  const take = (event: React.ChangeEvent<HTMLInputElement>) => {
    onFiles(chosenFiles(event.target.files));
    event.target.value = "";
  };
  return (
    <>
      <Button look="primary" icon="upload" onClick={() => files.current?.click()}>Upload files</Button>
      <Button icon="upload" onClick={() => folders.current?.click()}>Upload folder</Button>
      <input ref={files} type="file" multiple hidden aria-label="Files to upload" onChange={take} />
      <input ref={folders} type="file" hidden aria-label="Folder to upload" onChange={take} {...{ webkitdirectory: "" }} />
    </>
  );
}

function DropZone({ onFiles, children }: { onFiles: (files: Named[]) => void; children: React.ReactNode }) {
  const [over, setOver] = useState(false);
  const withFiles = (event: React.DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    <div className={`storage-drop ${over ? "over" : ""}`}
      onDragOver={(event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!withFiles(event)) return;
        event.preventDefault();
        setOver(false);
        void droppedFiles(event.dataTransfer).then(onFiles);
      }}>
      {children}
    </div>
  );
}

function Folder({ bucket, folder, chosen, onRemove }: {
  bucket: string; folder: string; chosen: string | undefined; onRemove: (doomed: Doomed) => void;
}) {
  const [find, setFind] = useState("");
  const [tokens, setTokens] = useState<readonly string[]>([]); // of the pages behind the first
  const page = useRead(read("s3", "ListObjectsV2", {
    Bucket: bucket, Prefix: folder + find, Delimiter: "/", MaxKeys: PAGE, ContinuationToken: tokens.at(-1),
  }));
  const entries = useMemo(() => page.data && entriesOf(folder, page.data), [page.data, folder]);
  const next = page.data?.IsTruncated ? page.data.NextContinuationToken : undefined;
  return (
    <Listing bucket={bucket} folder={folder} entries={entries} error={page.error} chosen={chosen} onRemove={onRemove}
      find={find} onFind={(text) => {
        setTokens([]);
        setFind(text);
      }}
      page={tokens.length + 1}
      onBack={tokens.length > 0 ? () => setTokens(tokens.slice(0, -1)) : undefined}
      onNext={next ? () => setTokens([...tokens, next]) : undefined} />
  );
}

function CreateFolder({ bucket, folder, onClose }: { bucket: string; folder: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const wrong = wrongFolderName(name);
  const key = `${folder}${name.replace(/\/$/, "")}/`;
  return (
    <Dialog title="Create folder" submit="Create folder" onClose={onClose} ready={name !== "" && !wrong}
      onSubmit={async () => {
        await request(objectPath(bucket, key), { method: "PUT", body: "" });
        go(links.objects(bucket, key));
      }}>
      <TextField label="Name" value={name} onChange={setName} wrong={wrong} autoFocus
        hint={<>Makes the empty object <code className="break">{key}</code>. Uploads make their folders by themselves.</>} />
    </Dialog>
  );
}
