"""The user's code as a module."""
import importlib

from sagemaker_training import errors

DEFAULT_MODULE_NAME = "default_user_module_name"


def exists(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def import_module(uri, name=DEFAULT_MODULE_NAME, cache=None):
    """The code is on the interpreter's path already, so that `uri` says nothing new."""
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise errors.ImportModuleError(error) from error
