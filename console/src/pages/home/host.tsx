/** How full the daemon's machine is, where the daemon says so. */
import { useEffect, useState } from "react";
import { ApiError, request } from "../../api/http";
import { bytes } from "../../lib/format";
import { Panel } from "../../ui/controls";

interface Host {
  cpus: number;
  load: number;
  memory: { total: number; available: number };
  disk: { path: string; total: number; free: number };
}

const ASK_MS = 5000;

function useHost(): Host | undefined {
  const [host, setHost] = useState<Host>();
  useEffect(() => {
    let stopped = false;
    const ask = async () => {
      if (document.visibilityState !== "visible") return;
      try {
        const answer = (await (await request("/host")).json()) as Host;
        if (!stopped) setHost(answer);
      } catch (error) {
        // A daemon that does not tell will not tell later either; other faults the page shows elsewhere.
        if (error instanceof ApiError && error.status === 404) clearInterval(timer);
      }
    };
    const timer = setInterval(() => void ask(), ASK_MS);
    void ask();
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, []);
  return host;
}

export function HostPanel() {
  const host = useHost();
  if (!host) return null;
  const { cpus, load, memory, disk } = host;
  return (
    <Panel title="This machine">
      <div className="stack">
        <Meter label="CPU" part={load / cpus} told={`${load.toFixed(1)} of ${cpus} cores busy`} />
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
      <meter min={0} max={1} low={0.75} high={0.9} optimum={0} value={share} aria-label={`${label}: ${told}`} />
      <span className="soft small">{told}</span>
    </div>
  );
}
