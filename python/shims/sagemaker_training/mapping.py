"""Dictionaries as variables and as arguments of a program."""
import collections.abc
import json

SplitResultSpec = collections.namedtuple("SplitResultSpec", "included excluded")


def _as_text(value):
    """Of a variable: text as it is, anything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def to_env_vars(mapping):
    """SM_ and the name in capitals; a dictionary `hps` becomes SM_HPS and a SM_HP_ each."""
    variables = {"SM_" + name.upper(): _as_text(value) for name, value in mapping.items()}
    for name, value in (mapping.get("hps") or {}).items():
        variables["SM_HP_" + name.upper()] = _as_text(value)
    return variables


def to_cmd_args(mapping):
    """["--epochs", "6", "-n", "1"] in order of the names."""
    words = []
    for name in sorted(mapping):
        value = mapping[name]
        if value is None:
            text = ""
        elif isinstance(value, collections.abc.Mapping):
            text = ",".join(f"{key}={content}" for key, content in sorted(value.items()))
        else:
            text = str(value)
        words += [("--" if len(name) > 1 else "-" if name else "") + name, text]
    return words


def decamelize(text):
    """CamelCase as camel_case."""
    return "".join("_" + c.lower() if c.isupper() and i else c.lower()
                   for i, c in enumerate(text))


def split_by_criteria(dictionary, keys=None, prefix=None):
    """What has one of the keys or begins with one of the prefixes, and the rest."""
    keys, prefixes = set(keys or ()), tuple(prefix or ())
    if isinstance(prefix, str):
        prefixes = (prefix,)
    included = {name: value for name, value in dictionary.items()
                if name in keys or (prefixes and name.startswith(prefixes))}
    return SplitResultSpec(included=included, excluded={
        name: value for name, value in dictionary.items() if name not in included})


class MappingMixin(collections.abc.Mapping):
    """An object whose public properties can be read as a dictionary."""

    def properties(self):
        return [name for name in dir(type(self))
                if not name.startswith("_") and isinstance(getattr(type(self), name), property)]

    def __getitem__(self, name):
        if name not in self.properties():
            raise KeyError(name)
        return getattr(self, name)

    def __iter__(self):
        return iter(self.properties())

    def __len__(self):
        return len(self.properties())

    def __str__(self):
        return str(dict(self))

    __repr__ = __str__
