"""What may pass through the wall between a student's process and the grader: numbers, text, arrays, and lists of these.

A message is one line of JSON behind its length. Nothing is ever unpickled: an object that is none of the above arrives as a
`Foreign`, which knows the name of its type and nothing else.
"""

import base64
import json
import os
import re
import select
import time

import numpy as np

LARGEST = 16 * 2**20  # bytes of one message
_PLAIN = re.compile(r"[<>|=]?[biufc]\d{1,2}")


class Broken(Exception):
    """The other side is gone, or sent something that is no message."""


class Late(Exception):
    """The other side did not answer in time."""


class Foreign:
    """Stands for an object that cannot pass."""

    def __init__(self, kind):
        self.kind = kind

    def __repr__(self):
        return f"<{self.kind}>"


def pack(value, functions=None):
    """Turn a value into what JSON can hold. Functions go into the list `functions` and leave their number behind."""
    if isinstance(value, np.ndarray | np.generic):
        return _pack_array(value)
    if value is None:
        return None
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, list):
        return [pack(item, functions) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [pack(item, functions) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[pack(key), pack(item, functions)] for key, item in value.items()]}
    if value is ...:
        return {"ellipsis": True}
    if isinstance(value, np.random.Generator):
        return {"generator": value.bit_generator.state}
    if callable(value) and functions is not None:
        functions.append(value)
        return {"function": len(functions) - 1}
    if hasattr(value, "__array__"):
        return _pack_array(np.asarray(value))
    return {"foreign": type(value).__name__}


def _pack_array(value):
    array = np.asarray(value)
    if array.dtype.kind not in "biufc":
        return {"foreign": f"array of {array.dtype}"}
    data = base64.b64encode(array.tobytes()).decode()
    return {"array": [array.dtype.str, list(array.shape), data], "scalar": isinstance(value, np.generic)}


def unpack(data, function=None):
    """Turn it back. `function(number)` gives what shall stand for a function; without it a function is a `Foreign`."""
    if isinstance(data, list):
        return [unpack(item, function) for item in data]
    if not isinstance(data, dict):
        return data
    if "tuple" in data:
        return tuple(unpack(data["tuple"], function))
    if "dict" in data:
        return {unpack(key): unpack(item, function) for key, item in data["dict"]}
    if "ellipsis" in data:
        return ...
    if "generator" in data:
        generator = np.random.default_rng(0)
        generator.bit_generator.state = data["generator"]
        return generator
    if "function" in data and function is not None:
        return function(data["function"])
    if "array" in data:
        kind, shape, text = data["array"]
        if not _PLAIN.fullmatch(kind):
            raise ValueError(f"an array of {kind}")
        array = np.frombuffer(base64.b64decode(text), np.dtype(kind)).reshape(shape).copy()
        return array[()] if data.get("scalar") and array.ndim == 0 else array
    return Foreign(str(data.get("foreign", "object")))


def write(stream, message, seconds=None):
    """Send one message; raise Late when the other side does not take it within so many seconds."""
    line = json.dumps(message).encode()
    rest = memoryview(len(line).to_bytes(8, "big") + line)
    end = None if seconds is None else time.monotonic() + seconds
    while rest:
        if end is not None and not select.select([], [stream], [], max(0.0, end - time.monotonic()))[1]:
            raise Late
        try:
            rest = rest[os.write(stream.fileno(), rest[: select.PIPE_BUF if end else len(rest)]) :]
        except OSError as error:
            raise Broken("the other side is gone") from error


def read(stream, seconds=None):
    """Wait for one message and return it; raise Late after so many seconds, Broken when none can come."""
    end = None if seconds is None else time.monotonic() + seconds
    size = int.from_bytes(_take(stream, 8, end), "big")
    if size > LARGEST:
        raise Broken(f"a message of {size} bytes")
    try:
        message = json.loads(_take(stream, size, end))
    except (ValueError, RecursionError) as error:
        raise Broken("no message") from error
    if not isinstance(message, dict):
        raise Broken("no message")
    return message


def _take(stream, count, end):
    """Read exactly `count` bytes from an unbuffered stream."""
    parts = []
    while count:
        if end is not None and not select.select([stream], [], [], max(0.0, end - time.monotonic()))[0]:
            raise Late
        part = stream.read(min(count, 2**20))
        if not part:
            raise Broken("the other side is gone")
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
