"""Arrays to and from the content types that endpoints speak. numpy is needed only when called."""
import csv
import io
import json

from sagemaker_training import content_types, errors


def array_to_npy(array_like):
    import numpy
    buffer = io.BytesIO()
    numpy.save(buffer, array_like)
    return buffer.getvalue()


def npy_to_numpy(npy_array):
    import numpy
    return numpy.load(io.BytesIO(npy_array), allow_pickle=False)


def array_to_json(array_like):
    def plain(value):
        if hasattr(value, "tolist"):
            return value.tolist()
        raise TypeError(f"{type(value).__name__} has no form in JSON")
    return json.dumps(array_like, default=plain)


def json_to_numpy(string_like, dtype=None):
    import numpy
    return numpy.array(json.loads(string_like), dtype=dtype)


def csv_to_numpy(string_like, dtype=None):
    """Numbers unless a cell is none, or as `dtype` says; a single row or column has one dimension."""
    import numpy
    if isinstance(string_like, (bytes, bytearray)):
        string_like = string_like.decode("utf-8")
    try:
        array = numpy.array(list(csv.reader(io.StringIO(string_like), strict=True))).squeeze()
    except csv.Error as error:
        raise errors.ClientError(f"This is no CSV: {error}") from error
    try:
        return array.astype(dtype)
    except ValueError as error:
        if dtype is None:
            return array
        raise errors.ClientError(f"The CSV's cells cannot be {dtype}: {error}") from error


def array_to_csv(array_like):
    """A line a row; a vector becomes a column."""
    import numpy
    array = numpy.array(array_like)
    if array.ndim == 1:
        array = array.reshape(-1, 1)
    stream = io.StringIO()
    try:
        csv.writer(stream, lineterminator="\n", strict=True).writerows(array)
    except csv.Error as error:
        raise errors.ClientError(f"This has no form in CSV: {error}") from error
    return stream.getvalue()


_ENCODERS = {content_types.NPY: array_to_npy, content_types.CSV: array_to_csv,
             content_types.JSON: array_to_json}
_DECODERS = {content_types.NPY: npy_to_numpy, content_types.CSV: csv_to_numpy,
             content_types.JSON: json_to_numpy}


def _of(table, content_type):
    # "text/csv; charset=utf-8" is text/csv.
    found = table.get(str(content_type).split(";")[0].strip().lower())
    if found is None:
        raise errors.UnsupportedFormatError(content_type)
    return found


def decode(obj, content_type):
    """The array in a request's body."""
    return _of(_DECODERS, content_type)(obj)


def encode(array_like, content_type):
    """The body of an answer."""
    return _of(_ENCODERS, content_type)(array_like)
