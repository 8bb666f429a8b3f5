"""Assertions of planted.py explain themselves, like those of the test files."""

import pytest

pytest.register_assert_rewrite("planted")
