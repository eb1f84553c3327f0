/** Who are you: by a link from the command line, or by an access key. */
import { useEffect, useState } from "react";
import { logIn } from "../api/session";
import { Button, Note, Panel, TextField } from "../ui/controls";
import { Command } from "../ui/copy";
import { Problem } from "../ui/problem";
import mark from "../mark.svg";
import { go, usePlace } from "./router";

export function Login() {
  const { parts } = usePlace();
  const token = parts[0] === "login" ? parts[1] : undefined;
  return (
    <main className="login">
      <div className="stack">
        <div className="row"><img src={mark} alt="" width={32} height={32} /><h1>Trainyard</h1></div>
        {token ? <ByLink token={token} /> : <ByCommand />}
        <ByKey />
      </div>
    </main>
  );
}

function ByLink({ token }: { token: string }) {
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    void logIn({ token }).then(() => go("#/", true), setError);
  }, [token]);
  if (error === undefined) return <Note tone="running">Logging in…</Note>;
  return <><Problem error={error} why={false} /><ByCommand /></>;
}

function ByCommand() {
  return (
    <Panel title="With a link">
      <div className="stack tight"><p>On the machine of the daemon, this prints a link that logs in once:</p><Command>trainyard console</Command></div>
    </Panel>
  );
}

function ByKey() {
  const [id, setId] = useState("");
  const [secret, setSecret] = useState("");
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const submit = async () => {
    setBusy(true);
    setError(undefined);
    try {
      await logIn({ accessKeyId: id.trim(), secretAccessKey: secret.trim(), ...(token.trim() && { sessionToken: token.trim() }) });
    } catch (thrown) {
      setError(thrown);
      setBusy(false);
    }
  };
  return (
    <Panel title="With an access key">
      <form className="stack" onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}>
        <TextField label="Access key ID" value={id} onChange={setId} placeholder="AKIA…" />
        <TextField label="Secret access key" value={secret} onChange={setSecret} type="password" />
        {id.startsWith("ASIA") && <TextField label="Session token" value={token} onChange={setToken} type="password" />}
        {error !== undefined && <Problem error={error} why={false} />}
        <div><Button type="submit" look="primary" busy={busy} disabled={!id || !secret}>Log in</Button></div>
      </form>
    </Panel>
  );
}
