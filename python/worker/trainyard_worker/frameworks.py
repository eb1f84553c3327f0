"""The functions that a script need not have, by framework."""
import functools
import os

from sagemaker_inference import content_types, decoder, encoder
from sagemaker_inference.default_inference_handler import DefaultInferenceHandler

_FIRST_CHOICE = "model.pt"
# What NumPy makes of nested lists of numbers, by the kind of their array: the shortest way to the
# same bytes.
_WIDE = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}


class ModelLoadError(Exception):
    """There is no model that the defaults can load."""


@functools.lru_cache(maxsize=1)
def _device():
    import torch
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _placed(data):
    """Where models compute; most data already is."""
    device = _device()
    return data if getattr(data, "device", None) == device else data.to(device)


def _without_wrapper(model):
    """DataParallel without GPUs only passes on to its module, and that takes a seventh of a small
    model's time."""
    import torch
    plain = (type(model) is torch.nn.DataParallel and not model.device_ids
             and not model._forward_hooks and not model._forward_pre_hooks)
    return model.module if plain else model


@functools.lru_cache(maxsize=256)
def _is_text(content_type):
    return str(content_type).split(";")[0].strip().lower() in content_types.UTF8_TYPES


class PyTorch(DefaultInferenceHandler):
    """TorchScript models; tensors in, tensors out."""

    def __init__(self):
        self._model = self._called = None  # a model that is where it computes, and what is called

    def default_model_fn(self, model_dir, context=None):
        import torch
        path = os.path.join(model_dir, _FIRST_CHOICE)
        if not os.path.isfile(path):
            names = sorted(name for name in os.listdir(model_dir)
                           if name.endswith((".pt", ".pth")))
            if len(names) != 1:
                raise ModelLoadError("Exactly one .pth or .pt file is required for PyTorch models "
                                     f"without a model_fn: {names}")
            path = os.path.join(model_dir, names[0])
        try:
            return torch.jit.load(path, map_location=_device())
        except RuntimeError as error:
            raise ModelLoadError(
                f"Failed to load {path} without a model_fn. Please ensure model is saved using "
                "torchscript (torch.jit.save), or define model_fn.") from error

    def default_input_fn(self, input_data, content_type, context=None):
        import torch
        array = decoder.decode(input_data, content_type)
        tensor = torch.FloatTensor(array) if _is_text(content_type) else torch.from_numpy(array)
        return _placed(tensor)

    def default_predict_fn(self, data, model, context=None):
        import torch
        with torch.no_grad():
            if model is not self._model:
                model.to(_device()).eval()
                self._model, self._called = model, _without_wrapper(model)
            elif model.training:
                model.eval()
            return self._called(_placed(data))

    def default_output_fn(self, prediction, accept, context=None):
        import torch
        if type(prediction) is torch.Tensor:
            array = prediction.detach().cpu().numpy()
            wide = _WIDE.get(array.dtype.kind)
            if accept == content_types.NPY and wide and array.size > 0:
                prediction = array.astype(wide, order="C", copy=False)
            else:
                prediction = array.tolist()
        return super().default_output_fn(prediction, accept)


class ScikitLearn(DefaultInferenceHandler):
    """Estimators with predict()."""

    def default_input_fn(self, input_data, content_type, context=None):
        array = decoder.decode(input_data, content_type)
        return array.astype("float32") if _is_text(content_type) else array

    def default_predict_fn(self, data, model, context=None):
        return model.predict(data)


def defaults():
    """Those of the image's framework; without one, PyTorch's."""
    package = os.environ.get("TRAINYARD_FRAMEWORK_PACKAGE", "")
    return ScikitLearn() if package == "scikit-learn" else PyTorch()


def warm_codecs():
    """The first conversion of each kind loads modules: before the first request asks for it."""
    try:
        import numpy
    except ImportError:
        return
    array = numpy.zeros((1, 1))
    for content_type in encoder.SUPPORTED_CONTENT_TYPES:
        decoder.decode(encoder.encode(array, content_type), content_type)
