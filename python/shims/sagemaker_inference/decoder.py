"""Bodies of requests as NumPy arrays."""
import functools
import io
import json
import math

from sagemaker_inference import content_types, errors

_NPY_MAGIC = b"\x93NUMPY\x01"
_NPY_LENGTH_END = 10
# Longer headers than simple arrays have are not worth remembering.
_NPY_HEADER_MAX = 512


@functools.lru_cache(maxsize=64)
def _npy_layout(header):
    """(shape, Fortran order, type) that a version 1 header tells. Reading one costs more than all
    the rest of a small array, and clients send the same again and again."""
    from numpy.lib import format as npy
    stream = io.BytesIO(header)
    npy.read_magic(stream)
    return npy.read_array_header_1_0(stream)


def _simple_npy(data):
    """The array; None when it is better read by NumPy itself."""
    import numpy
    if not data.startswith(_NPY_MAGIC):
        return None
    begin = _NPY_LENGTH_END + int.from_bytes(data[8:_NPY_LENGTH_END], "little")
    if begin > min(_NPY_HEADER_MAX, len(data)):
        return None
    shape, fortran, dtype = _npy_layout(bytes(data[:begin]))
    count = math.prod(shape)
    if fortran or dtype.hasobject or count <= 0 or len(data) - begin < count * dtype.itemsize:
        return None
    return numpy.frombuffer(data, dtype, count, begin).copy().reshape(shape)


def _npy_to_numpy(npy_array):
    """An array of objects is refused: to read one is to run what its sender has put into it."""
    import numpy
    array = _simple_npy(npy_array)
    return numpy.load(io.BytesIO(npy_array), allow_pickle=False) if array is None else array


def _json_to_numpy(string_like, dtype=None):
    import numpy
    return numpy.array(json.loads(string_like), dtype=dtype)


def _csv_to_numpy(string_like, dtype=None):
    """Without `dtype` each column becomes what its cells are."""
    import numpy
    if isinstance(string_like, (bytes, bytearray)):
        string_like = string_like.decode("utf-8")
    return numpy.genfromtxt(io.StringIO(string_like), dtype=dtype, delimiter=",")


def _npz_to_sparse(npz_bytes):
    import scipy.sparse
    return scipy.sparse.load_npz(io.BytesIO(npz_bytes))


_DECODERS = {content_types.NPY: _npy_to_numpy, content_types.CSV: _csv_to_numpy,
             content_types.JSON: _json_to_numpy, content_types.NPZ: _npz_to_sparse}


def decode(obj, content_type):
    """The array (of x-npz: the sparse matrix) in a body. UnsupportedFormatError for other types."""
    # "text/csv; charset=utf-8" is text/csv.
    decoder = _DECODERS.get(str(content_type).split(";")[0].strip().lower())
    if decoder is None:
        raise errors.UnsupportedFormatError(content_type)
    return decoder(obj)
