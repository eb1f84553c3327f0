"""Small things that handlers need."""


def read_file(path, mode="r"):
    with open(path, mode) as file:
        return file.read()


def write_file(path, data, mode="w"):
    with open(path, mode) as file:
        file.write(data)


def retrieve_content_type_header(request_property):
    """The content type among a request's fields, however its name is spelt; None without one."""
    for name, value in request_property.items():
        if name.lower().replace("-", "") == "contenttype":
            return value
    return None


def parse_accept(accept):
    """The types of an Accept field in order, without their weights."""
    return [part.split(";")[0].strip() for part in accept.split(",")]


def remove_crlf(illegal_string):
    """For a status line."""
    return illegal_string.replace("\r", " ").replace("\n", " ")
