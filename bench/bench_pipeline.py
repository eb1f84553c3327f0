"""StartExecution to InService with programs that do nothing, against the sum of its bare parts: a
bubblewrap start a program, the copies, and the fsyncs of as many commits."""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN, Daemon, make_roles, tutorial_definition, tutorial_input, upload_code

ROUNDS = 11
INSTANCES = 1
COMMITS = 20  # of one pipeline on the critical path: see store.committed in a points log

NOTHING = "#!/bin/sh\necho done > \"$SM_MODEL_DIR/model.txt\"\n"


class Pipeline:
    def __init__(self):
        self.daemon = Daemon().start()
        self.job_role, flow_role = make_roles(self.daemon)
        upload_code(self.daemon, "code-bucket", {"train.sh": (NOTHING, 0o755)})
        self.states = self.daemon.client("stepfunctions")
        self.sagemaker = self.daemon.client("sagemaker")
        self.machine = self.states.create_state_machine(
            name="flow", roleArn=flow_role,
            definition=json.dumps(tutorial_definition()))["stateMachineArn"]
        self.count = 0

    def __call__(self):
        self.count += 1
        name = f"run-{self.count}"
        request = json.dumps(tutorial_input(name, self.job_role, "code-bucket",
                                            instances=INSTANCES))
        begin = time.perf_counter()
        self.states.start_execution(stateMachineArn=self.machine, name=name, input=request)
        while True:
            try:
                status = self.sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"]
                if status == "InService":
                    break
                assert status == "Creating", status
            except self.sagemaker.exceptions.ClientError as error:
                assert "Could not find" in str(error), error
            time.sleep(0.002)
        seconds = time.perf_counter() - begin
        self.sagemaker.delete_endpoint(EndpointName=name)
        while self.sagemaker.list_endpoints()["Endpoints"]:
            time.sleep(0.02)
        return seconds


class BareParts:
    """What no implementation can do without, done one after the other by hand."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bare-parts-"))
        self.program = BIN / "noop-model"

    def sandboxed(self, command):
        subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink",
                        "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64", "--symlink",
                        "usr/bin", "/bin", "--proc", "/proc", "--dev", "/dev", "--ro-bind",
                        str(self.program.parent), "/opt", *command], check=True,
                       stdout=subprocess.DEVNULL)

    def __call__(self):
        begin = time.perf_counter()
        self.sandboxed(["/bin/sh", "-c", "exit 0"])
        self.sandboxed(["/bin/sh", "-c", "exit 0"])
        for copy in range(2):  # the code archive for training and for serving
            shutil.copy(self.program, self.folder / f"copy-{copy}")
        database = sqlite3.connect(self.folder / "bare.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE IF NOT EXISTS t(x)")
        for number in range(COMMITS):
            database.execute("INSERT INTO t VALUES (?)", ("x" * 500,))
        database.close()
        return time.perf_counter() - begin


def main():
    pipeline, parts = Pipeline(), BareParts()
    pipeline()  # warm
    samples = interleaved(ROUNDS, pipeline=pipeline, parts=parts)
    middle = medians(samples)
    report("pipeline.bare_parts", middle["parts"], "s")
    report("pipeline.in_service", middle["pipeline"], "s", "1.0",
           ratio_of_pairs(samples, "pipeline", "parts"))
    pipeline.daemon.close()
    shutil.rmtree(parts.folder)


if __name__ == "__main__":
    main()
