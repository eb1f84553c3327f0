"""The user's functions, and one request through them."""
import importlib
import importlib.util
import inspect
import json
import os
import sys
import traceback

from sagemaker_inference import content_types, environment, errors

from trainyard_worker import frameworks
from trainyard_worker.context import Context

_MESSAGE_MAX = 1024


def user_module():
    """The script as a module; None when there is none, and the defaults are all there is."""
    program = environment.Environment().module_name
    named = bool(os.environ.get("SAGEMAKER_PROGRAM"))
    if not named and not os.path.exists(os.path.join(environment.code_dir, "inference.py")):
        return None  # another package of that name is not meant
    name = program.removeprefix("./").replace("/", ".")
    try:
        found = importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        found = False  # a package around it is missing
    if not found:
        print(f"There is no module {name} in {environment.code_dir}: the defaults serve the model",
              file=sys.stderr)
        return None
    return importlib.import_module(name)


class Function:
    """One of the user's functions, or its default; it may take the context as its last argument."""

    def __init__(self, function, arguments, context):
        self._function = function
        self._context = context
        parameters = inspect.signature(function).parameters.values()
        places = [p for p in parameters
                  if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        needed = [p for p in places if p.default is p.empty]
        any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
        self.takes_context = len(places) > arguments
        if len(needed) > arguments + 1 or (len(places) < arguments and not any_number):
            raise TypeError(f"{function.__name__} takes {len(places)} arguments: it must take "
                            f"{arguments}, or {arguments + 1} with the context")
        self.call = self._call_with_context if self.takes_context else function

    def _call_with_context(self, *arguments):
        return self._function(*arguments, self._context)


class Service:
    """A loaded model with its functions."""

    def __init__(self):
        self.context = Context(environment.model_dir)
        self.default_accept = environment.Environment().default_accept
        module, handler = user_module(), frameworks.defaults()
        own = {name: getattr(module, name, None) for name in (
            "model_fn", "transform_fn", "input_fn", "predict_fn", "output_fn", "pre_model_fn",
            "model_warmup_fn")}
        if own["transform_fn"] and (own["input_fn"] or own["predict_fn"] or own["output_fn"]):
            raise ValueError("Cannot use transform_fn implementation in conjunction with input_fn, "
                             "predict_fn, and/or output_fn implementation")

        def function(name, arguments):
            mine = own[name] or getattr(handler, "default_" + name)
            return Function(mine, arguments, self.context).call

        if own["transform_fn"]:
            self._transform = Function(own["transform_fn"], 4, self.context).call
        else:
            self._input = function("input_fn", 2)
            self._predict = function("predict_fn", 2)
            self._output = function("output_fn", 2)
            self._transform = self._by_steps
        self._load(own, function("model_fn", 1))

    def _load(self, own, model_fn):
        if own["pre_model_fn"]:
            Function(own["pre_model_fn"], 1, self.context).call(environment.model_dir)
        self.model = model_fn(environment.model_dir)
        frameworks.warm_codecs()
        if own["model_warmup_fn"]:
            Function(own["model_warmup_fn"], 2, self.context).call(environment.model_dir,
                                                                   self.model)

    def _by_steps(self, model, data, content_type, accept):
        return self._output(self._predict(self._input(data, content_type), model), accept)

    def answer(self, headers, body):
        """(status, headers, body) of the response. Exceptions are the request's, not the worker's:
        the log gets all of it, the client its message."""
        context = self.context
        context.begin(headers)
        try:
            content_type = headers.get("content-type")
            accept = headers.get("accept")
            if not accept or accept == content_types.ANY:
                accept = self.default_accept
            if content_type and \
                    content_type.split(";")[0].strip().lower() in content_types.UTF8_TYPES:
                body = body.decode("utf-8")
            result = self._transform(self.model, body, content_type, accept)
            if isinstance(result, tuple):
                result, accept = result
            return (context.status, {"content-type": context.content_type or accept,
                                     **context.response_headers}, as_bytes(result))
        except errors.BaseInferenceToolkitError as error:
            traceback.print_exc()
            return error.status_code, {"content-type": "text/plain"}, as_bytes(error.message)
        except Exception as error:  # whatever a user's function raises
            traceback.print_exc()
            message = str(error) or type(error).__name__
            return 500, {"content-type": "text/plain"}, as_bytes(message[:_MESSAGE_MAX])


def as_bytes(result):
    if isinstance(result, str):
        return result.encode("utf-8")
    if isinstance(result, (bytes, bytearray, memoryview)):
        return bytes(result)
    return json.dumps(result).encode("utf-8")
