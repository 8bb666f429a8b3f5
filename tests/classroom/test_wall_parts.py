"""The parts of the grader: what passes the wall, what is read of a handed-in notebook, who handed in what."""

import contextlib
import io
import json
import os

import nbformat
import numpy as np
import pytest
from hand_in import hand_in, notebook, stub
from hypothesis import given
from hypothesis import strategies as st

from cnnlib.checks import ch05, ch06
from cnnlib.classroom import feedback, parcel
from cnnlib.classroom.clean import clean
from cnnlib.classroom.handed_in import MOST_FILES, collect, fingerprint, read_files
from cnnlib.classroom.session import Limits, Session
from cnnlib.errors import CheckFailed

NAME = "02_convolution"
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just(...)


@given(st.recursive(plain, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner)))
def test_what_is_sent_arrives(value):
    assert parcel.unpack(json.loads(json.dumps(parcel.pack(value)))) == value


@pytest.mark.parametrize("array", [
    np.arange(6.0).reshape(2, 3)[:, ::-1], np.float32([[1, 2]]), np.zeros((0, 3), "uint8"), np.array(True),
    np.array([np.nan, np.inf]), np.array([1 + 2j]), np.asfortranarray(np.arange(6).reshape(2, 3)),
], ids=str)  # fmt: skip
def test_arrays_arrive_with_type_and_shape(array):
    got = parcel.unpack(json.loads(json.dumps(parcel.pack(array))))
    assert got.dtype == array.dtype and got.shape == array.shape and np.array_equal(got, array, equal_nan=array.dtype.kind != "b")
    assert got.flags.writeable


def test_numbers_of_numpy_stay_numbers_and_generators_go_on():
    assert type(parcel.unpack(parcel.pack(np.float32(2)))) is np.float32
    draws = np.random.default_rng(3)
    draws.normal()
    assert parcel.unpack(json.loads(json.dumps(parcel.pack(draws)))).normal() == draws.normal()


@pytest.mark.parametrize("value", [object(), np.array([object()]), np.array(["a"]), print, {1, 2}, b"bytes"], ids=str)
def test_anything_else_arrives_as_a_stranger(value):
    assert isinstance(parcel.unpack(parcel.pack(value)), parcel.Foreign)


@pytest.mark.parametrize("line", [
    {"array": ["|O", [1], "AAAA"]}, {"array": ["<f8", [10**9, 10**9], "AAAA"]}, {"array": ["<f8", [-1], "AA"]}, {"array": []},
    {"generator": {"bit_generator": "MT19937"}}, {"dict": [[[1], 2]]},
])  # fmt: skip
def test_a_forged_array_is_refused(line):
    with pytest.raises((ValueError, TypeError, KeyError)):
        parcel.unpack(line)


@pytest.mark.parametrize("sent", [
    b"", b"\0" * 5, (2**60).to_bytes(8, "big"), (3).to_bytes(8, "big") + b"{{{", (2).to_bytes(8, "big") + b"[]",
    (200_000).to_bytes(8, "big") + b"[" * 200_000,
])  # fmt: skip
def test_what_is_no_message_is_broken(sent):
    with pytest.raises(parcel.Broken):
        parcel.read(io.BytesIO(sent))


def test_one_who_does_not_answer_or_listen_is_late():
    ends = os.pipe()
    with os.fdopen(ends[0], "rb", 0) as hear, os.fdopen(ends[1], "wb", 0) as say:
        with pytest.raises(parcel.Late):
            parcel.read(hear, 0.05)
        with pytest.raises(parcel.Late):
            parcel.write(say, {"long": "x" * 10**6}, 0.05)


def changed(**how):
    made = notebook(NAME, **how)
    return clean(nbformat.writes(made), stub(NAME))


def test_an_honest_notebook_is_taken_as_it_is():
    made, remarks = changed(start=["print(1)"])
    assert remarks == [] and made.cells[0].source == "print(1)"
    assert [cell.source for cell in made.cells[1:]] == [cell.source for cell in notebook(NAME).cells]


def test_missing_cells_are_put_back_in_their_place():
    made, remarks = changed(drop=("setup", "conv2d_points", "own", "own_points"))
    order = [cell.metadata.nbgrader.grade_id for cell in made.cells if "nbgrader" in cell.metadata]
    assert order == [cell.metadata.nbgrader.grade_id for cell in stub(NAME).cells if "nbgrader" in cell.metadata]
    assert len(remarks) == 4 and "the cell setup was missing; it was put back" in remarks


def test_metadata_outputs_and_cell_types_come_from_the_release():
    made = notebook(NAME)
    made.metadata.kernelspec.name = "evil"
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("execute_result", {"text/plain": "4.0"})]
        if cell.id == "conv2d_points":
            cell.metadata.nbgrader.update(points=400, grade=False, locked=False)
    cleaned, _ = clean(nbformat.writes(made), stub(NAME))
    assert cleaned.metadata == stub(NAME).metadata
    assert not any(cell.get("outputs") for cell in cleaned.cells)
    graded = {c.metadata.nbgrader.grade_id: c.metadata.nbgrader for c in cleaned.cells if "nbgrader" in c.metadata}
    assert graded["conv2d_points"].points == 4 and graded["conv2d_points"].grade


def test_who_handed_in(tmp_path):
    hand_in(tmp_path / NAME, "ann", b"1", {"data.csv": b"2"})
    (tmp_path / NAME / "bob.ipynb").write_bytes(b"3")
    (tmp_path / NAME / "=cmd().ipynb").write_bytes(b"4")
    (tmp_path / NAME / "ann.ipynb").write_bytes(b"5")
    found, passed = collect(tmp_path / NAME, NAME)
    assert sorted(found) == ["ann", "bob"] and len(passed) == 2
    assert any("=cmd()" in text for text in passed) and any("twice" in text for text in passed)


def test_files_beside_the_notebook_but_no_links_and_not_too_many(tmp_path):
    path = hand_in(tmp_path / NAME, "ann", b"1", {"data.csv": b"2"})
    (tmp_path / "secret").write_bytes(b"secret")
    (path.parent / "link").symlink_to(tmp_path / "secret")
    (path.parent / "folder").symlink_to(tmp_path)
    assert read_files(path) == {path.name: b"1", "data.csv": b"2"}
    with open(path.parent / "zeros", "wb") as file:
        file.truncate(MOST_FILES + 1)
    assert "zeros" not in read_files(path)
    (tmp_path / "lone.ipynb").write_bytes(b"3")
    assert read_files(tmp_path / "lone.ipynb") == {"lone.ipynb": b"3"}
    path.unlink()
    assert path.name not in read_files(path)
    path.symlink_to(tmp_path / "secret")
    assert path.name not in read_files(path)


def test_fingerprints_tell_names_from_contents():
    assert fingerprint({"a": b"bc"}) != fingerprint({"ab": b"c"}) != fingerprint({"a": b"b", "c": b""})


def test_feedback_shows_what_was_written_as_text():
    made = notebook(NAME, replace={"conv2d": "x = '</code><script>alert(1)</script>'"})
    result = {"assignment": NAME, "student": "<b>", "status": "graded", "remarks": ["<i>"], "total": 0, "seconds": 1,
              "out_of": {"conv2d_points": 4}, "points": {"conv2d_points": 0}}  # fmt: skip
    for cell in made.cells:
        if cell.id.endswith("_points") and cell.id != "conv2d_points":
            cell.metadata = {}
    text = feedback.page(result, made)
    assert "<script" not in text and "<b>" not in text and "<i>" not in text and "&lt;script&gt;" in text


FUNCTIONS = """
import numpy as np
def slopes(function, a, step):
    result = np.zeros_like(a)
    for place in np.ndindex(a.shape):
        moved = np.zeros_like(a)
        moved[place] = step
        result[place] = (function(a + moved) - function(a - moved)) / (2 * step)
    return result
def batches(count, size, rng):
    order = rng.permutation(count)
    return [order[start:start + size] for start in range(0, count, size)]
def greedy(function, a, step):
    return [function(a) for _ in range(10**9)]
"""


def test_functions_and_generators_work_through_the_wall(tmp_path):
    for name in ("files", "desk"):
        (tmp_path / name).mkdir()
    with contextlib.closing(Session(tmp_path / "files", tmp_path / "desk", Limits(call=2, cell=4, student=60))) as session:
        assert session.run(FUNCTIONS) == ("", None)
        for check, name in ((ch05.slopes, "slopes"), (ch06.batches, "batches")):
            check(session.look([name])[name])
        with pytest.raises(CheckFailed, match="too long"):
            ch05.slopes(session.look(["greedy"])["greedy"])
        assert session.run("print(1 + 1)") == ("2\n", None)
