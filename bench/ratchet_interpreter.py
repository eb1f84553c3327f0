"""Fails when the interpreter takes more instructions a transition than it did: a test, since callgrind
counts the same on every run. Who makes it faster lowers the figures below."""
import os
import pathlib
import shutil
import sys

from instructions import per_transition

# By GCC 12 as Debian has it, -O2.
MEASURED = {"pass": 7820, "mix": 16660}
WORSE_MAX = 1.1


def main():
    if not shutil.which("valgrind"):
        sys.exit("valgrind is not installed: script/bootstrap")
    program = pathlib.Path(os.environ["TRAINYARD_BIN_DIR"], "bench-interpreter")
    failed = False
    for what, measured in MEASURED.items():
        now = per_transition(program, what)
        worse = now > WORSE_MAX * measured
        failed = failed or worse
        print(f"{what}: {now:.0f} instructions a transition, {measured} when it was measured"
              + (": too many" if worse else ""))
    sys.exit(failed)


if __name__ == "__main__":
    main()
