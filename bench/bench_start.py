"""`trainyard serve` to its `ready` line, against redis-server's start to its first PONG; idle RSS."""
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN
from load_runs import free_port

ROUNDS = 15


def rss_megabytes(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("no VmRSS")


class Trainyard:
    """Starts on one data folder, made before the first timed start, as redis has its own too."""

    def __init__(self):
        self.data = tempfile.mkdtemp(prefix="trainyard-bench-")
        self.rss = []

    def __call__(self):
        begin = time.perf_counter()
        process = subprocess.Popen(
            [BIN / "trainyard", "serve", "--data", self.data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        line = process.stdout.readline()
        seconds = time.perf_counter() - begin
        assert line.startswith(b"ready "), line
        time.sleep(0.5)  # idle, then its memory
        self.rss.append(rss_megabytes(process.pid))
        process.terminate()
        process.wait()
        return seconds


def redis():
    port = free_port()
    folder = tempfile.mkdtemp(prefix="redis-bench-")
    begin = time.perf_counter()
    process = subprocess.Popen(["redis-server", "--port", str(port), "--dir", folder, "--bind",
                                "127.0.0.1"], stdout=subprocess.DEVNULL)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as door:
                door.sendall(b"PING\r\n")
                if door.recv(16).startswith(b"+PONG"):
                    break
        except ConnectionRefusedError:
            pass
        time.sleep(0.0002)
    seconds = time.perf_counter() - begin
    process.terminate()
    process.wait()
    shutil.rmtree(folder)
    return seconds


def main():
    ours = Trainyard()
    ours()  # makes the data folder: keys, tables
    ours.rss.clear()
    samples = interleaved(ROUNDS, trainyard=ours, redis=redis)
    middle = medians(samples)
    report("start.redis", middle["redis"] * 1000, "ms")
    report("start.ready", middle["trainyard"] * 1000, "ms", "3x",
           ratio_of_pairs(samples, "trainyard", "redis"))
    report("start.idle_rss", sorted(ours.rss)[len(ours.rss) // 2], "MB", "40")
    shutil.rmtree(ours.data)


if __name__ == "__main__":
    main()
