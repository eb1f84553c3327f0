"""Instructions of the pure interpreter by callgrind: the same on every run, whatever else the machine
does."""
import json
import re
import subprocess

from states_workload import definition

# What starts and ends a run cancels out.
FEW, MANY = 300, 900


def collected(program, what, count):
    """All instructions of one run."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, what, str(count)],
        input=json.dumps(definition()), capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def per_transition(program, what):
    """`what` is a mode of bench-interpreter: pass, mix."""
    return (collected(program, what, MANY) - collected(program, what, FEW)) / (MANY - FEW)
