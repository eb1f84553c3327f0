"""A build from nothing on two cores, without the libtorch example and without ccache."""
import os
import pathlib
import subprocess
import tempfile
import time

from figures import report

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORES = 2
SECONDS_MAX = 300


def main():
    allowed = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, allowed)
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    with tempfile.TemporaryDirectory(prefix="trainyard-build-") as folder:
        begin = time.perf_counter()
        for command in (["cmake", "--preset", "release", "-B", folder, "-DTRAINYARD_LIBTORCH=OFF"],
                        ["ninja", "-C", folder, f"-j{CORES}"]):
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True,
                                  text=True)
            if done.returncode != 0:
                raise SystemExit(done.stdout[-4000:] + done.stderr[-4000:])
        seconds = time.perf_counter() - begin
    report("build.cold", seconds, "s", f"<={SECONDS_MAX}", seconds / SECONDS_MAX)


if __name__ == "__main__":
    main()
