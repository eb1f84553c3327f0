"""What a notebook's user waits for: from CreateTrainingJob to the first line of a script that only
prints, against bubblewrap and Python alone; and mnist.py on two hosts as a training job, against
the same two processes run by hand in two network namespaces, where `ratio` is speed: the other's
time over ours, the median of the pairs."""
import os
import shutil
import subprocess
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import ROOT, Daemon, finished, make_roles, source_archive, training_request, wait_for
from two_hosts import BUCKET, Jobs, base_folder, by_hand
from mnist_data import mnist_folder

PYTHON = "/usr/bin/python3"
SCRIPT = "print('the first line')\n"
MNIST = ROOT / "examples" / "mnist" / "mnist.py"
STARTS = 15
PAIRS = 5
EPOCHS = 1
SLACK = 0.3
SANDBOX = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts",
           "--unshare-net", "--ro-bind", "/usr", "/usr", "--symlink", "usr/lib", "/lib",
           "--symlink", "usr/lib64", "/lib64", "--symlink", "usr/bin", "/bin", "--proc", "/proc",
           "--dev", "/dev"]


def bare_start():
    """Seconds to the line, as its reader sees it."""
    begin = time.time()
    process = subprocess.Popen([*SANDBOX, PYTHON, "-c", SCRIPT], stdout=subprocess.PIPE)
    process.stdout.readline()
    seconds = time.time() - begin
    process.communicate()
    return seconds


class Starts:
    """Jobs of a script that only prints; each call is one."""

    def __init__(self):
        self.daemon = Daemon().start()
        self.role, _ = make_roles(self.daemon)
        self.sagemaker, self.logs = self.daemon.client("sagemaker"), self.daemon.client("logs")
        s3 = self.daemon.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz",
                      Body=source_archive({"prints.py": (SCRIPT, 0o644)}))
        self.count = 0

    def first_line(self, job):
        """Its time: that of its arrival, in whole milliseconds."""
        events = self.logs.filter_log_events(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=job + "/",
            filterPattern='"the first line"')["events"]
        return events[0]["timestamp"] / 1000 if events else None

    def __call__(self):
        self.count += 1
        job = f"prints-{self.count}"
        request = training_request(job, self.role, BUCKET, "prints.py")
        begin = time.time()
        self.sagemaker.create_training_job(**request)
        ended = finished(self.daemon, job)
        if ended["TrainingJobStatus"] != "Completed":
            raise RuntimeError(f"{job}: {ended.get('FailureReason')}")
        return wait_for(lambda: self.first_line(job), 10, f"first line of {job}") - begin


def starts():
    jobs = Starts()
    jobs(), bare_start()  # warm
    samples = interleaved(STARTS, job=jobs, bare=bare_start)
    middle = medians(samples)
    report("notebook.bare_start", middle["bare"], "s")
    report("notebook.job_start", middle["job"], "s",
           f"<={middle['bare'] + SLACK:.3f} (bare_start and {SLACK} s)",
           ratio_of_pairs(samples, "job", "bare"))
    jobs.daemon.close()


def two_hosts(data):
    jobs = Jobs(data, {"mnist.py": (MNIST, 0o644)}, "mnist.py", EPOCHS)
    jobs()  # warm, and says how many CPUs a host gets
    first, second = base_folder(data), base_folder(data)
    variables = {**os.environ, "SM_NUM_CPUS": jobs.cpus, "SM_NUM_GPUS": "0",
                 "OMP_NUM_THREADS": jobs.cpus, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [PYTHON, MNIST, "--epochs", EPOCHS, "--backend", "gloo"]
    samples = interleaved(PAIRS, job=jobs,
                          by_hand=lambda: by_hand(command, first, second, variables))
    middle = medians(samples)
    report("notebook.two_by_hand", middle["by_hand"], "s")
    report("notebook.two_hosts", middle["job"], "s", ">=0.97 of two_by_hand",
           ratio_of_pairs(samples, "by_hand", "job"))
    jobs.daemon.close()
    shutil.rmtree(first)
    shutil.rmtree(second)


def main():
    starts()
    two_hosts(mnist_folder())


if __name__ == "__main__":
    main()
