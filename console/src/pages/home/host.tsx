/** How full the daemon's machine is. */
import { useEffect, useState } from "react";
import { request } from "../../api/http";
import { repeat } from "../../api/repeat";
import { bytes, plural } from "../../lib/format";
import { Panel, Skeleton } from "../../ui/controls";
import { Problem } from "../../ui/problem";

interface Host {
  cpus: number;
  load: number;
  memory: { total: number; available: number };
  disk: { path: string; total: number; free: number };
}

const ASK_MS = 5000;
/** From which share on it is shown as much, and as full. */
const MUCH = 0.75;
const FULL = 0.9;

function useHost(): { host?: Host | undefined; fault?: unknown } {
  const [host, setHost] = useState<Host>();
  const [fault, setFault] = useState<unknown>();
  useEffect(() => {
    const ask = async (signal: AbortSignal) => {
      try {
        setHost((await (await request("/host", { signal })).json()) as Host);
        setFault(undefined);
      } catch (error) {
        if (!signal.aborted) setFault(error);
      }
    };
    return repeat(ask, () => ASK_MS);
  }, []);
  return { host, fault };
}

export function HostPanel() {
  const { host, fault } = useHost();
  if (!host) return <Panel title="This machine">{fault ? <Problem error={fault} /> : <Skeleton />}</Panel>;
  const { cpus, load, memory, disk } = host;
  return (
    <Panel title="This machine">
      <div className="stack">
        <Meter label="CPU" part={load / cpus} told={`load ${load.toFixed(1)} on ${plural(cpus, "core")}`} />
        <Meter label="Memory" part={1 - memory.available / memory.total} told={`${bytes(memory.available)} of ${bytes(memory.total)} free`} />
        <Meter label="Disk" part={1 - disk.free / disk.total} told={`${bytes(disk.free)} of ${bytes(disk.total)} free`} title={disk.path} />
      </div>
    </Panel>
  );
}

function Meter({ label, part, told, title }: { label: string; part: number; told: string; title?: string }) {
  const share = Math.min(1, Math.max(0, part));
  return (
    <div className="home-meter" title={title}>
      <span>{label}</span>
      <div className={`bar-of ${share >= FULL ? "full" : share >= MUCH ? "much" : ""}`} role="meter" aria-label={label}
        aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)} aria-valuetext={told}>
        <span style={{ width: `${share * 100}%` }} />
      </div>
      <span className="soft small">{told}</span>
    </div>
  );
}
