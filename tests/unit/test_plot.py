"""Figures and clips: they show the numbers they were given, look the same on every run, and refuse what they cannot show."""

import base64
import hashlib
import io
import re
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from cnnlib import data, plot, video
from cnnlib.errors import DtypeError, NonFiniteError, RangeError, ShapeError
from cnnlib.plot import sliding, style
from cnnlib.plot.numbers import written

SOBEL = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
CROSS = np.array([[0, 1, 0, 0], [1, 2, 1, 0], [0, 1, 0, 3], [0, 0, 0, 1]])
HISTORY = {"loss": [0.5, 0.2, 0.1], "val_loss": [0.4, 0.3, 0.3], "accuracy": [0.8, 0.9, 0.95], "seconds": [1, 1, 1]}


def texts(axes):
    return [t.get_text() for t in axes.texts]


def colour_at(figure, axes, row, column):
    """The drawn colour in the middle of one cell of a picture."""
    x, y = axes.transData.transform((column, row))
    pixels = figure.pixels()
    return pixels[round(pixels.shape[0] - y), round(x)].tolist()


def as_bytes(colour):
    return [round(255 * part) for part in to_rgb(colour)]


# Pictures


def test_images_show_black_and_white_where_they_are():
    figure = plot.images(np.array([[0, 255], [255, 0]], dtype=np.uint8))
    axes = figure.axes[0]
    assert isinstance(figure, Figure)
    assert [colour_at(figure, axes, i, j) for i, j in np.ndindex(2, 2)] == [[0] * 3, [255] * 3, [255] * 3, [0] * 3]


def test_one_range_for_all_bytes():
    """A dark picture stays dark: 0..255 is the range, not the smallest to the largest value."""
    figure = plot.images(np.full((1, 2, 2), 51, dtype=np.uint8))
    assert colour_at(figure, figure.axes[0], 0, 0) == [51, 51, 51]
    figure = plot.images([np.full((2, 2), 0.2)])
    assert colour_at(figure, figure.axes[0], 0, 0) == [51, 51, 51]
    figure = plot.images([np.array([[0.2, 0.4]])], limits="own")
    assert colour_at(figure, figure.axes[0], 0, 0) == [0, 0, 0]


def test_images_takes_every_kind_of_picture():
    mixed = [np.zeros((4, 6)), np.zeros((5, 5, 1)), np.zeros((5, 5, 3)), np.zeros((5, 5, 4), np.uint8)]
    assert len(plot.images(mixed, titles="abcd", columns=2).axes) == 4
    assert [a.get_title() for a in plot.images(mixed, titles="abcd").axes] == list("abcd")
    assert len(plot.images(np.zeros((3, 4, 4, 1))).axes) == 3


def test_signed_pictures_are_blue_below_and_orange_above_zero():
    figure = plot.images([np.array([[-4.0, 0.0], [4.0, 2.0]])], limits="signed")
    axes = figure.axes[0]
    assert colour_at(figure, axes, 0, 0) == as_bytes(style.BLUE)
    assert colour_at(figure, axes, 0, 1) == pytest.approx([255] * 3, abs=2)
    assert colour_at(figure, axes, 1, 0) == as_bytes(style.ORANGE)


def test_kernels_share_one_range_around_zero():
    figure = plot.kernels(np.array([[[1.0, 4.0]], [[0.0, -4.0]]]))  # (P=2, Q=1, F=2)
    first, second = figure.axes[:2]
    assert colour_at(figure, second, 0, 0) == as_bytes(style.ORANGE)
    assert colour_at(figure, second, 1, 0) == as_bytes(style.BLUE)
    assert first.images[0].get_clim() == second.images[0].get_clim() == (-4.0, 4.0)


def test_kernels_put_channels_in_rows_and_filters_in_columns():
    k = np.arange(2 * 2 * 2 * 3).reshape(2, 2, 2, 3)
    figure = plot.kernels(k)
    assert [a.get_title() for a in figure.axes[:6]] == [f"c={c} f={f}" for c in range(2) for f in range(3)]
    assert np.array_equal(figure.axes[4].images[0].get_array(), k[:, :, 1, 1])


def test_feature_maps_show_each_channel():
    y = np.zeros((2, 3, 2))
    y[1, 2, 1] = 5
    figure = plot.feature_maps(y[None])
    assert colour_at(figure, figure.axes[1], 1, 2) == as_bytes(style.BLUE)
    assert colour_at(figure, figure.axes[0], 1, 2) == [255] * 3
    y[0, 0, 0] = -5
    figure = plot.feature_maps(y)
    assert colour_at(figure, figure.axes[1], 1, 2) == as_bytes(style.ORANGE)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: plot.images([]), ShapeError),
        (lambda: plot.images(np.zeros((0, 4, 4))), ShapeError),
        (lambda: plot.images(np.zeros(4)), ShapeError),
        (lambda: plot.images(np.zeros((1, 4, 4, 2))), ShapeError),
        (lambda: plot.images([np.zeros((0, 4))]), ShapeError),
        (lambda: plot.images([np.zeros((2, 2))] * 3, titles=["a"]), ShapeError),
        (lambda: plot.images([np.full((2, 2), 3.0)]), RangeError),
        (lambda: plot.images([np.full((2, 2), np.nan)]), NonFiniteError),
        (lambda: plot.images([np.full((2, 2), np.nan)], limits="own"), NonFiniteError),
        (lambda: plot.images([np.full((2, 2), 3)]), DtypeError),
        (lambda: plot.images([np.zeros((2, 2))], limits="loud"), RangeError),
        (lambda: plot.images([np.zeros((2, 2))], limits=(1, 1)), RangeError),
        (lambda: plot.images([np.zeros((2, 2))], columns=0), RangeError),
        (lambda: plot.kernels(np.zeros(3)), ShapeError),
        (lambda: plot.kernels(np.zeros((3, 3, 2, 17))), ShapeError),
        (lambda: plot.kernels(np.full((3, 3), np.inf)), NonFiniteError),
        (lambda: plot.feature_maps(np.zeros((2, 4, 4, 3))), ShapeError),
        (lambda: plot.feature_maps(np.zeros((4, 4))), ShapeError),
        (lambda: plot.feature_maps(np.full((4, 4, 1), np.nan)), NonFiniteError),
    ],
)
def test_pictures_that_cannot_be_shown(call, error):
    with pytest.raises(error, match=r"plot\.(images|kernels|feature_maps): .* · "):
        call()


# Numbers in cells


def test_numbers_writes_each_value_in_its_cell():
    axes = plot.numbers(np.array([[1.0, -2.0], [0.25, 3.0]])).axes[0]
    assert texts(axes) == ["1", "−2", "0.25", "3"]
    assert [t.get_position() for t in axes.texts] == [(0, 0), (1, 0), (0, 1), (1, 1)]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0, None, "0"), (-3.0, None, "−3"), (0.125, 2, "0.12"), (-0.001, 2, "0.00"), (2.0, 1, "2.0"), (True, None, "1")],
)
def test_one_number(value, digits, text):
    assert written(value, digits) == text


def test_numbers_frames_the_asked_block():
    figure = plot.numbers([np.eye(3), np.eye(2)], titles=["x", "k"], between=["⋆"], highlight=[(1, 0, 2, 2), None])
    box = figure.axes[0].patches[0]
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (-0.5, 0.5, 2, 2)
    assert not figure.axes[1].patches and figure.texts[0].get_text() == "⋆"


def test_numbers_can_be_read_on_their_cells():
    """Each value stands out from its cell by a contrast of at least 4.5 to 1, the limit of WCAG 2.2."""
    for array in (np.arange(256, dtype=np.uint8).reshape(16, 16), np.linspace(-3, 3, 16).reshape(4, 4), np.eye(4)):
        axes = plot.numbers(array).axes[0]
        picture = axes.images[0]
        shown = picture.cmap(picture.norm(picture.get_array())).reshape(-1, 4)[:, :3]
        for background, text in zip(shown, axes.texts, strict=True):
            assert contrast(background, to_rgb(text.get_color())) >= 4.5


def contrast(one, other):
    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_by_hand():
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)  # 1.05 / 0.05
    for colour in (style.INK, style.QUIET, style.BLUE):
        assert contrast(to_rgb(colour), (1, 1, 1)) > 4.5


@pytest.mark.parametrize(
    "call",
    [
        lambda: plot.numbers([]),
        lambda: plot.numbers(np.zeros((0, 2))),
        lambda: plot.numbers([np.zeros(3)]),
        lambda: plot.numbers([np.zeros((2, 2))], titles=["a", "b"]),
        lambda: plot.numbers([np.zeros((2, 2))], between=["="]),
        lambda: plot.numbers(np.zeros((2, 2)), highlight=(0, 0, 1)),
        lambda: plot.numbers([np.zeros((2, 2))] * 2, highlight=[(0, 0, 1, 1)]),
        lambda: plot.numbers(np.array([["a"]])),
    ],
)
def test_numbers_refuses(call):
    with pytest.raises(ShapeError, match="plot.numbers: .* · "):
        call()


def test_numbers_refuses_nan():
    with pytest.raises(NonFiniteError):
        plot.numbers(np.array([[np.nan]]))


# Charts


def test_curves_draw_the_history():
    figure = plot.curves({"first": HISTORY, "second": {"loss": [3.0, 2.0]}})
    lines = figure.axes[0].lines
    assert [line.get_xdata().tolist() for line in lines] == [[1, 2, 3], [1, 2, 3], [1, 2]]
    assert [line.get_ydata().tolist() for line in lines] == [HISTORY["loss"], HISTORY["val_loss"], [3.0, 2.0]]
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert lines[0].get_marker() == lines[1].get_marker() != lines[2].get_marker()
    assert [t.get_text() for t in figure.legends[0].texts] == ["first", "second", "training", "validation"]
    assert [a.get_title(loc="left") for a in figure.axes] == ["loss", "accuracy"]


def test_one_history_needs_no_name():
    assert len(plot.curves(HISTORY, keys="loss").axes[0].lines) == 2


def test_curves_refuses():
    with pytest.raises(RangeError, match="seconds"):
        plot.curves(HISTORY, keys="speed")
    with pytest.raises(RangeError, match="7 runs"):
        plot.curves({str(n): HISTORY for n in range(7)})
    with pytest.raises(RangeError, match="0 runs"):
        plot.curves({})
    with pytest.raises(NonFiniteError, match="diverged"):
        plot.curves({"loss": [1.0, np.nan]}, keys="loss")


def test_confusion_writes_counts_and_colours_right_and_wrong():
    figure = plot.confusion(np.array([[10, 0], [4, 6]]), names=["cat", "dog"])
    axes = figure.axes[0]
    assert [(t.get_position(), t.get_text()) for t in axes.texts] == [((0, 0), "10"), ((0, 1), "4"), ((1, 1), "6")]
    shown = np.asarray(axes.images[0].get_array())
    assert shown[0, 0] == pytest.approx(to_rgb(style.BLUE))  # the whole row is right
    assert shown[0, 1] == pytest.approx([1, 1, 1])
    assert shown[1, 0] == pytest.approx(1 - 0.75 + 0.75 * np.array(to_rgb(style.ORANGE)))  # the worst mistake
    assert shown[1, 1] == pytest.approx(1 - 0.6 + 0.6 * np.array(to_rgb(style.BLUE)))  # 6 of 10
    assert [t.get_text() for t in axes.get_yticklabels()] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("counts", "names", "error"),
    [
        (np.zeros((2, 3), int), None, ShapeError),
        (np.zeros((0, 0), int), None, ShapeError),
        (np.eye(2, dtype=int), ["a"], ShapeError),
        (-np.eye(2, dtype=int), None, RangeError),
        (np.eye(2) / 2, None, RangeError),
        (np.full((2, 2), np.nan), None, RangeError),
    ],
)
def test_confusion_refuses(counts, names, error):
    with pytest.raises(error, match="plot.confusion"):
        plot.confusion(counts, names)


def test_bars_have_the_lengths_and_labels_given():
    figure = plot.bars({"loops": 12.5, "fast": -0.25}, unit="s", highlight="fast", reference=("budget", 1.0))
    axes = figure.axes[0]
    assert [bar.get_width() for bar in axes.patches] == [12.5, -0.25]
    assert [to_rgb(bar.get_facecolor()) for bar in axes.patches] == [to_rgb(style.BLUE), to_rgb(style.ORANGE)]
    assert texts(axes) == ["12.50", "−0.25", "budget"]
    assert axes.get_xlabel() == "s"


def test_bars_refuses():
    for call, error in (
        (lambda: plot.bars({}), ShapeError),
        (lambda: plot.bars({"a": float("inf")}), NonFiniteError),
        (lambda: plot.bars({"a": 1}, highlight="b"), RangeError),
        (lambda: plot.bars({"a": 1}, spread={"b": 1}), RangeError),
    ):
        with pytest.raises(error, match="plot.bars"):
            call()


# Space and time


def test_space_time_shows_one_line_of_every_frame():
    clip = np.random.default_rng(0).integers(0, 256, (5, 6, 7, 3), dtype=np.uint8)
    frame, across = plot.space_time(clip, row=4, at=2).axes
    assert np.array_equal(frame.images[0].get_array(), clip[2])
    assert all((across.images[0].get_array()[t] == clip[t, 4]).all() for t in range(5))
    down = plot.space_time(clip[..., 0], column=3).axes[1]
    assert all((down.images[0].get_array()[:, t] == clip[t, :, 3, 0]).all() for t in range(5))
    assert (across.get_xlabel(), down.get_xlabel()) == ("x (pixels)", "t (frames)")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({}, RangeError),
        ({"row": 0, "column": 0}, RangeError),
        ({"row": 6}, RangeError),
        ({"column": -1}, RangeError),
        ({"row": 0, "at": 5}, RangeError),
    ],
)
def test_space_time_refuses(options, error):
    with pytest.raises(error, match="plot.space_time"):
        plot.space_time(np.zeros((5, 6, 7)), **options)
    with pytest.raises(ShapeError):
        plot.space_time(np.zeros((6, 7)), row=0)


# Clips


def parts(clip):
    page = clip._repr_html_()
    mp4 = base64.b64decode(re.search(r"data:video/mp4;base64,([^\"]+)", page).group(1))
    poster = base64.b64decode(re.search(r"poster=\"data:image/\w+;base64,([^\"]+)", page).group(1))
    return page, mp4, np.asarray(Image.open(io.BytesIO(poster)).convert("RGB"))


def test_the_page_holds_a_film_that_plays(tmp_path):
    frames = np.stack([np.full((16, 24), 40 * t, np.uint8) for t in range(5)])
    page, mp4, poster = parts(plot.clip(frames, fps=5, caption="It <b>brightens</b>.", alt='From "black" to grey', poster=2))
    (tmp_path / "a.mp4").write_bytes(mp4)
    assert np.abs(video.read(tmp_path / "a.mp4")[..., 0].astype(int) - frames).max() <= 3
    assert video.info(tmp_path / "a.mp4").fps == 5
    assert np.abs(poster.astype(int) - 80).max() <= 2
    for word in (
        "<figure",
        "<video controls loop muted playsinline",
        'aria-label="From &quot;black&quot; to grey"',
        "<figcaption>It &lt;b&gt;brightens&lt;/b&gt;.</figcaption>",
        'width="24" height="16"',
    ):
        assert word in page
    assert "<script" not in page and "http" not in page


def test_a_clip_says_in_words_what_it_is():
    clip = plot.clip(np.zeros((6, 4, 8)), fps=12)
    assert clip.alt == "A film of 6 frames, 8 by 4 pixels, 12 frames per second"
    assert "0.5 s" in repr(clip) and "6 frames of 8 × 4 pixels" in repr(clip)
    assert "figcaption" not in clip._repr_html_()
    assert plot.clip(np.zeros((1, 4, 8)), caption="Night").alt == "Night"


def test_scale_repeats_pixels():
    clip = plot.clip(np.array([[[0.0, 1.0]]]), scale=2)
    assert clip.frames[0, :, :, 0].tolist() == [[0, 0, 255, 255], [0, 0, 255, 255]]


def test_figures_can_be_played():
    clip = plot.pictures_to_clip([plot.numbers(np.array([[n]])) for n in range(2)], fps=1, alt="Counting")
    assert clip.frames.shape[0] == 2 and clip.frames.shape[2] == 700
    assert not np.array_equal(clip.frames[0], clip.frames[1])
    with pytest.raises(ShapeError, match="new_figure"):
        plot.pictures_to_clip([Figure()])


@pytest.mark.parametrize(
    ("frames", "options", "error"),
    [
        (np.zeros((0, 4, 4, 3)), {}, ShapeError),
        ([], {}, ShapeError),
        (np.zeros((4, 4)), {}, ShapeError),
        (np.zeros((4, 4, 3)), {}, ShapeError),
        (np.zeros((2, 4, 4)), {}, ShapeError),
        (np.zeros((2, 4, 4, 4)), {}, ShapeError),
        ([np.zeros((4, 4)), np.zeros((4, 6))], {}, ShapeError),
        (np.full((2, 4, 6), 1.5), {}, RangeError),
        (np.full((2, 4, 6), np.nan), {}, NonFiniteError),
        (np.zeros((2, 4, 6), int), {}, DtypeError),
        (np.zeros((2, 4, 6)), {"scale": 0}, RangeError),
        (np.zeros((2, 4, 6)), {"scale": 1.5}, RangeError),
        (np.zeros((2, 4, 6)), {"poster": 2}, RangeError),
        (np.zeros((2, 4, 6)), {"fps": 0}, RangeError),
    ],
)
def test_clip_refuses(frames, options, error):
    with pytest.raises(error, match="plot.clip"):
        plot.clip(frames, **options)


# The sliding window


def test_the_window_slides_and_adds_up():
    clip = plot.convolution_animation(CROSS, SOBEL)
    # y(0,0) = 0·1 + 1·0 − 0·1 + 1·2 + 2·0 − 1·2 + 0·1 + 1·0 − 0·1 = 0, and so on by hand
    assert clip.frames.shape[0] == 2 * 2 + 2
    assert np.array_equal(clip.frames[-1], clip.frames[-2])
    assert all(not np.array_equal(a, b) for a, b in zip(clip.frames[:3], clip.frames[1:4], strict=True))
    assert len(clip._repr_html_()) < 100_000
    assert "3 by 3" in clip.alt and "2 by 2 output" in clip.alt


def test_one_step_by_hand():
    # the lower right window of CROSS is [[2,1,0],[1,0,3],[0,0,1]]: 2 − 0 + 2 − 6 + 0 − 1 = −3
    products = np.array([[2, 0, 0], [2, 0, -6], [0, 0, -1]])
    assert sliding._sum(products, -3, 1, 1, None) == "y(1, 1) = 2 + 0 + 0 + 2 + 0 − 6 + 0 + 0 − 1 = −3"
    assert sliding._sum(np.ones((5, 5), int), 25, 0, 0, 2) == "y(0, 0) = sum of 25 products = 25.00"


def test_what_each_frame_shows(monkeypatch):
    drawn, draw = [], sliding._frame
    monkeypatch.setattr(sliding, "_frame", lambda *a: drawn.append(draw(*a)) or drawn[-1])
    plot.convolution_animation(CROSS, SOBEL)
    picture, kernel, products, output = drawn[-1].axes
    assert texts(picture) == [str(v) for v in CROSS.flat]
    assert texts(kernel) == ["1", "0", "−1", "2", "0", "−2", "1", "0", "−1"]
    assert texts(products) == ["2", "0", "0", "2", "0", "−6", "0", "0", "−1"]
    assert texts(output) == ["0", "3", "0", "−3"]  # all four by hand
    assert [len(f.axes[3].texts) for f in drawn] == [1, 2, 3, 4]
    box = picture.patches[-1]
    assert (box.get_x(), box.get_y(), box.get_width(), box.get_height()) == (0.5, 0.5, 3, 3)


def test_stride_padding_and_dilation(monkeypatch):
    drawn, draw = [], sliding._frame
    monkeypatch.setattr(sliding, "_frame", lambda *a: drawn.append(draw(*a)) or drawn[-1])
    plot.convolution_animation(np.array([[1, 2, 3]]), np.array([[1, 10]]), stride=2, padding=0, dilation=2)
    assert texts(drawn[-1].axes[3]) == ["31"]  # 1·1 + 3·10
    assert len(drawn[-1].axes[0].patches) == 2
    drawn.clear()
    plot.convolution_animation(np.arange(9).reshape(3, 3), np.array([[1]]), stride=2)
    assert texts(drawn[-1].axes[3]) == ["0", "2", "6", "8"]  # the corners
    assert [f.axes[0].patches[0].get_xy() for f in drawn] == [(-0.5, -0.5), (1.5, -0.5), (-0.5, 1.5), (1.5, 1.5)]
    drawn.clear()
    plot.convolution_animation(np.array([[5]]), np.array([[1, 2], [3, 4]]), padding=1)
    assert texts(drawn[-1].axes[3]) == ["20", "15", "10", "5"]  # the kernel seen backwards, times 5


@pytest.mark.parametrize(
    ("x", "k", "options", "error"),
    [
        (np.zeros((2, 2)), np.zeros((3, 3)), {}, ShapeError),
        (np.zeros((2, 2, 1)), np.zeros((2, 2)), {}, ShapeError),
        (np.zeros((2, 2)), np.zeros((0, 2)), {}, ShapeError),
        (np.zeros((4, 20)), np.zeros((3, 3)), {}, ShapeError),
        (np.zeros((30, 4)), np.zeros((1, 1)), {}, RangeError),
        (np.zeros((4, 4)), np.zeros((2, 2)), {"stride": 0}, RangeError),
        (np.zeros((4, 4)), np.zeros((2, 2)), {"dilation": 0}, RangeError),
        (np.zeros((4, 4)), np.zeros((2, 2)), {"padding": -1}, RangeError),
        (np.full((4, 4), np.nan), np.zeros((2, 2)), {}, NonFiniteError),
    ],
)
def test_convolution_animation_refuses(x, k, options, error):
    with pytest.raises(error, match="plot.convolution_animation"):
        plot.convolution_animation(x, k, **options)


# Size, reproducibility, manners

TWICE = """
import hashlib, sys
import numpy as np
from cnnlib import plot
x = np.arange(16).reshape(4, 4) % 5
shown = plot.convolution_animation(x, x[:3, :3] - 2)._repr_html_().encode()
shown += plot.curves({"loss": [3.0, 2.0], "val_loss": [3.0, 2.5]}, keys="loss").picture_file()[1]
assert "matplotlib.pyplot" not in sys.modules
print(hashlib.sha256(shown).hexdigest())
"""


def test_two_processes_draw_the_same_bytes_without_pyplot():
    runs = [subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout and len(runs[0].stdout) == 65


def test_figures_are_small_white_and_page_wide():
    film = data.load_film(100, 400, 50)
    (digits, labels), _ = data.load_mnist()
    for figure, kind in (
        (plot.images(digits[:32], titles=labels[:32]), "image/png"),
        (plot.images(film, columns=3), "image/jpeg"),
        (plot.curves({"a": HISTORY, "b": HISTORY}), "image/png"),
        (plot.confusion(np.arange(100).reshape(10, 10)), "image/png"),
        (plot.numbers(digits[0, 6:16, 8:20]), "image/png"),
        (plot.space_time(data.load_film(0, 720, 8), row=90), "image/jpeg"),
    ):
        found, content = figure.picture_file()
        picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        assert (found, content) == figure.picture_file()
        assert found == kind and len(content) <= 60_000
        assert figure.get_size_inches()[0] == style.WIDTH and picture.shape[1] >= 700
        assert (picture[[0, -1]][:, [0, -1]] >= 250).all()


def test_a_figure_shows_itself(monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *a, **k: shown.append((a[0], k)))
    figure = plot.numbers(np.eye(2))
    figure._ipython_display_()
    ((bundle, options),) = shown
    assert base64.b64decode(bundle["image/png"]) == figure.picture_file()[1] and options["raw"]


def test_the_readers_settings_are_left_alone():
    with matplotlib.rc_context({"font.size": 31.0, "axes.spines.top": True}):
        first = hashlib.sha256(plot.curves(HISTORY).picture_file()[1]).hexdigest()
        assert matplotlib.rcParams["font.size"] == 31.0 and matplotlib.rcParams["axes.spines.top"]
    assert first == hashlib.sha256(plot.curves(HISTORY).picture_file()[1]).hexdigest()


def test_the_palette_can_be_told_apart_without_colour_vision():
    """Every two colours differ by at least 20 of 255 in a channel for deuteranopes (Viénot, Brettel, Mollon, 1999)."""
    simulate = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    seen = [simulate @ (255 * np.array(to_rgb(c)) / 255) ** 2.2 for c in style.PALETTE]
    seen = [255 * np.clip(c, 0, 1) ** (1 / 2.2) for c in seen]
    for n, one in enumerate(seen):
        for other in seen[n + 1 :]:
            assert np.abs(one - other).max() >= 20
