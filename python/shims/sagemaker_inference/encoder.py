"""Arrays, and what NumPy makes arrays of, as bodies of answers."""
import functools
import io
import json

from sagemaker_inference import content_types, errors


def _plain(value):
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _array_to_json(array_like):
    return json.dumps(array_like, default=_plain)


@functools.lru_cache(maxsize=64)
def _npy_header(descr, shape):
    from numpy.lib import format as npy
    stream = io.BytesIO()
    npy.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


def _array_to_npy(array_like):
    import numpy
    array = numpy.asanyarray(array_like)
    if array.dtype.isbuiltin == 1 and not array.dtype.hasobject and array.flags.c_contiguous:
        return _npy_header(array.dtype.str, array.shape) + array.tobytes()
    stream = io.BytesIO()
    numpy.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _array_to_csv(array_like):
    """A line a row; a vector becomes a column."""
    import numpy
    stream = io.StringIO()
    numpy.savetxt(stream, array_like, delimiter=",", fmt="%s")
    return stream.getvalue()


_ENCODERS = {content_types.NPY: _array_to_npy, content_types.CSV: _array_to_csv,
             content_types.JSON: _array_to_json}

SUPPORTED_CONTENT_TYPES = set(_ENCODERS)


def encode(array_like, content_type):
    """bytes of x-npy, str of the others. UnsupportedFormatError for other types."""
    encoder = _ENCODERS.get(content_type)
    if encoder is None:
        raise errors.UnsupportedFormatError(content_type)
    return encoder(array_like)
