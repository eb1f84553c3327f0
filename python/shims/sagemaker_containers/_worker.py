"""What output_fn of a script of its time returns."""


class Response(tuple):
    """A body and its content type. It is the pair (body, content type), which model servers take
    from output_fn as well."""

    def __new__(cls, response=None, accept=None, status=200, mimetype=None, **_unused):
        kind = accept or mimetype
        made = super().__new__(cls, (response, kind))
        made.response, made.mimetype, made.status_code = response, kind, status
        return made
