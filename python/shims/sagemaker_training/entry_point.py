"""Runs another program of the code folder, as the toolkit runs the entry point."""
import os
import subprocess
import sys

from sagemaker_training import entry_point_type, environment, errors


def _command(name, args):
    kind = entry_point_type.get(environment.code_dir, name)
    if kind is entry_point_type.PYTHON_PACKAGE:
        module = name[:-3] if name.endswith(".py") else name
        return [sys.executable, "-m", module.replace("/", "."), *args]
    if kind is entry_point_type.PYTHON_PROGRAM:
        return [sys.executable, name, *args]
    return [os.path.join(".", name), *args]


def run(uri, user_entry_point, args, env_vars=None, wait=True, capture_error=False, **_unused):
    """Starts `user_entry_point`; with `wait` ExecuteUserScriptError when it fails. The code is in
    its folder already, so that `uri` says nothing new."""
    command = _command(user_entry_point, list(args or []))
    process = subprocess.Popen(command, cwd=environment.code_dir,
                               env={**os.environ, **(env_vars or {})},
                               stderr=subprocess.PIPE if capture_error and wait else None)
    if not wait:
        return process
    _, output = process.communicate()
    if output:
        sys.stderr.buffer.write(output)
    if process.returncode != 0:
        raise errors.ExecuteUserScriptError(" ".join(command), return_code=process.returncode,
                                            output=output)
    return process


def install(name, path=environment.code_dir, capture_error=False):
    """The toolkit has installed what the code folder asks for before the program began."""
