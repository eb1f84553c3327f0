"""The workflow engine: durable transitions against a bare group commit of the same rows, against moto
and LocalStack; the pure interpreter; StartExecution at half of the rate that saturates it; what a Map
of ten times the items costs.

`ratio` of a rate is ours over the other's; of a latency, a time or a memory ours over the bare one's,
or ten times the items over once."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import states_peers
from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN, Daemon, make_roles
from instructions import collected, per_transition
from load_runs import load, signed
from states_workload import CONCURRENT, create_machine, ended, run_all, transitions_of

ROUNDS = 5
LOOPS, PEER_LOOPS = 500, 50
# What one commit of the daemon carries at most: a turn of each execution, of so many states.
STATES_PER_TURN = 100
START_CONNECTIONS = 64
START_SECONDS = 5
MAP_ITEMS = 1000
# Of the daemon: an execution has at most 25,000 events, and an iteration with one state has four.
DAEMON_MAP_ITEMS = 600


class Engine:
    """A daemon with a role for workflows, and a machine."""

    def __init__(self, machine=None):
        self.daemon = Daemon().start()
        _, role = make_roles(self.daemon)
        self.client = self.daemon.client("stepfunctions")
        self.machine = create_machine(self.client, role, machine)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.daemon.close()

    def memory_kib(self, which):
        """VmRSS, or VmHWM for its peak."""
        status = pathlib.Path(f"/proc/{self.daemon.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(which))

    def cpu_seconds(self):
        """Of all its threads, the kernel's work for them included."""
        fields = pathlib.Path(f"/proc/{self.daemon.process.pid}/stat").read_text().split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    @contextlib.contextmanager
    def database(self):
        """Its database, closed."""
        self.daemon.terminate()
        yield self.daemon.data / "trainyard.db"


def bare_commit(mode, recording, first, second):
    """`first` and `second` are the mode's numbers; the new database is on the same disk."""
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        done = subprocess.run([BIN / "bare-commit", mode, recording, pathlib.Path(folder, "new.db"),
                               str(first), str(second)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def durable_pair(folder):
    """One round, transitions a second and CPU seconds a transition: the daemon's, whose rows are there
    then for the bare commit."""
    def ours():
        with Engine() as engine:
            before = engine.cpu_seconds()
            rate = run_all(engine.client, engine.machine, LOOPS)
            cpu = (engine.cpu_seconds() - before) / transitions_of(LOOPS)
            with engine.database() as database:
                shutil.copy(database, folder / "recording.db")
        return rate, cpu

    def bare():
        done = bare_commit("turns", folder / "recording.db", CONCURRENT, 2 * STATES_PER_TURN)
        return (done["transitions"] / done["seconds"], done["cpu_seconds"] / done["transitions"])
    return {"ours": ours, "bare": bare}


def transitions():
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder:
        pairs = interleaved(ROUNDS, **durable_pair(pathlib.Path(folder)))
    rates, cpus = ({who: [sample[which] for sample in samples] for who, samples in pairs.items()}
                   for which in (0, 1))
    rate, cpu = medians(rates), medians(cpus)
    report("states.bare_transitions", rate["bare"], "1/s")
    report("states.transitions", rate["ours"], "1/s", ">=0.5 of bare",
           ratio_of_pairs(rates, "ours", "bare"))
    report("states.bare_cpu", 1e6 * cpu["bare"], "us")
    report("states.cpu", 1e6 * cpu["ours"], "us", None, ratio_of_pairs(cpus, "ours", "bare"))
    return rate["ours"]


def peers(ours):
    """The same machine, fewer times round: they take as long for it."""
    available = {"moto": states_peers.moto, "localstack": states_peers.localstack}
    if not states_peers.localstack_python():
        print("states.localstack not measured: LocalStack 4.14 needs python3.13 on the PATH")
        del available["localstack"]
    for name, server in available.items():
        with server() as client:
            machine = create_machine(client, "arn:aws:iam::000000000000:role/Flow")
            rate = run_all(client, machine, PEER_LOOPS)
        report(f"states.{name}_transitions", rate, "1/s")
        report(f"states.transitions_to_{name}", ours, "1/s", ">=20x", ours / rate)


def interpreter():
    for what in ("pass", "mix"):
        report(f"states.interpreter_{what}", per_transition(BIN / "bench-interpreter", what),
               "instructions")


ONE_PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def start_request(engine):
    """StartExecution without a name, so that each is another execution."""
    body = json.dumps({"stateMachineArn": engine.machine, "input": json.dumps({"a": 1})}).encode()
    return signed(engine.daemon, "states", "/", {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "AWSStepFunctions.StartExecution"}, body)


def start_latency():
    with tempfile.TemporaryDirectory(prefix="trainyard-bench-") as folder, \
            Engine(ONE_PASS) as engine:
        address = engine.daemon.url.split("//")[1]
        recording = pathlib.Path(folder, "recording.db")
        load(address, START_CONNECTIONS, start_request(engine), seconds=1)
        # As it is, with what is in the write-ahead log: SQLite's own copy.
        subprocess.run(["/usr/bin/python3", "-c", "import sqlite3, sys; "
                        "sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))",
                        engine.daemon.data / "trainyard.db", recording], check=True)
        saturated = load(address, START_CONNECTIONS, start_request(engine),
                         seconds=START_SECONDS)["per_second"]
        samples = interleaved(
            ROUNDS,
            ours=lambda: load(address, START_CONNECTIONS, start_request(engine),
                              seconds=START_SECONDS, rate=saturated / 2)["p99_us"],
            bare=lambda: bare_commit("paced", recording, saturated / 2, START_SECONDS)["p99_us"])
    middle = medians(samples)
    report("states.start_rate", saturated, "1/s")
    report("states.bare_start_p99", middle["bare"], "us")
    report("states.start_p99", middle["ours"], "us", "<=5 of bare",
           ratio_of_pairs(samples, "ours", "bare"))


def peak_kib(items):
    done = subprocess.run([BIN / "bench-interpreter", "map", str(items)], capture_output=True,
                          text=True, check=True)
    return json.loads(done.stdout)["peak_kib"]


def pure_map(items):
    """Instructions, and memory beyond that of an empty Map."""
    program = BIN / "bench-interpreter"
    return (collected(program, "map", items) - collected(program, "map", 0),
            peak_kib(items) - peak_kib(0))


def daemon_map(items):
    """Seconds, and how much more memory the daemon took at most than before, in KiB."""
    with Engine({"StartAt": "M", "States": {"M": {
            "Type": "Map", "End": True, "ItemProcessor": ONE_PASS}}}) as engine:
        before = engine.memory_kib("VmRSS")
        arn = engine.client.start_execution(stateMachineArn=engine.machine,
                                            input=json.dumps(list(range(items))))["executionArn"]
        execution = ended(engine.client, arn, 0.05)
        seconds = (execution["stopDate"] - execution["startDate"]).total_seconds()
        return seconds, engine.memory_kib("VmHWM") - before


def ten_times(name, measure, items, units, rounds):
    """Lines for time and memory of ten times the items over once."""
    pairs = interleaved(rounds, once=lambda: measure(items), tenfold=lambda: measure(10 * items))
    for which, (what, unit) in enumerate(zip(("time", "memory"), units)):
        samples = {key: [sample[which] for sample in values] for key, values in pairs.items()}
        report(f"states.{name}_{what}", medians(samples)["tenfold"], unit, f"<=12 of {items} items",
               ratio_of_pairs(samples, "tenfold", "once"))


def main():
    peers(transitions())
    interpreter()
    start_latency()
    ten_times("pure_map", pure_map, MAP_ITEMS, ("instructions", "KiB"), 1)
    ten_times("map", daemon_map, DAEMON_MAP_ITEMS, ("s", "KiB"), ROUNDS)


if __name__ == "__main__":
    main()
