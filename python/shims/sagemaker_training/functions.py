"""Calls with the arguments that a function takes."""
import inspect


def getargspec(fn):
    return inspect.getfullargspec(fn)


def matching_args(fn, dictionary):
    """Those entries that are parameters of fn; all when it takes any."""
    spec = inspect.getfullargspec(fn)
    if spec.varkw:
        return dict(dictionary)
    names = set(spec.args) | set(spec.kwonlyargs)
    return {name: value for name, value in dictionary.items() if name in names}


def error_wrapper(fn, error_class):
    """fn, with whatever it raises as an error of that class."""
    def wrapped(*args, **kwargs):
        try:
            return fn(*args, **kwargs)
        except Exception as error:
            raise error_class(error) from error
    return wrapped
