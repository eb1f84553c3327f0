"""How an entry point is run."""
import enum
import os


class _EntryPointType(enum.Enum):
    PYTHON_PACKAGE = "PYTHON_PACKAGE"
    PYTHON_PROGRAM = "PYTHON_PROGRAM"
    COMMAND = "COMMAND"


PYTHON_PACKAGE = _EntryPointType.PYTHON_PACKAGE
PYTHON_PROGRAM = _EntryPointType.PYTHON_PROGRAM
COMMAND = _EntryPointType.COMMAND


def get(path, name):
    """Of the file `name` in the folder `path`."""
    package = any(sign in os.listdir(path) for sign in ("setup.py", "pyproject.toml"))
    if package and not (os.path.isfile(os.path.join(path, name)) and not name.endswith(".py")):
        return PYTHON_PACKAGE
    return PYTHON_PROGRAM if name.endswith(".py") else COMMAND
