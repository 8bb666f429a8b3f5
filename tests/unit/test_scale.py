"""The one switch between a laptop and a GPU."""

import pytest

from cnnlib.errors import RangeError
from cnnlib.scale import at_scale


@pytest.mark.parametrize("value, expected", [(None, 3), ("", 3), ("laptop", 3), ("gpu", 30), (" GPU ", 30)])
def test_the_variable_chooses(monkeypatch, value, expected):
    monkeypatch.delenv("CNNLIB_SCALE", raising=False)
    if value is not None:
        monkeypatch.setenv("CNNLIB_SCALE", value)
    assert at_scale(laptop=3, gpu=30) == expected


def test_another_word_is_refused(monkeypatch):
    monkeypatch.setenv("CNNLIB_SCALE", "cluster")
    with pytest.raises(RangeError, match="CNNLIB_SCALE is 'cluster'"):
        at_scale(laptop=3, gpu=30)
