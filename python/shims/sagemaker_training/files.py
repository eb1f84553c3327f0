"""Small files."""
import contextlib
import json
import os
import shutil
import tempfile

from sagemaker_training import environment


def read_file(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_file(path, data, mode="w"):
    with open(path, mode) as file:
        file.write(data)


def write_success_file():
    write_file(os.path.join(environment.output_dir, "success"), "")


def write_failure_file(failure_msg):
    """What FailureReason will tell."""
    write_file(os.path.join(environment.output_dir, "failure"), failure_msg)


@contextlib.contextmanager
def tmpdir(suffix="", prefix="tmp", directory=None):
    folder = tempfile.mkdtemp(suffix=suffix, prefix=prefix, dir=directory)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
