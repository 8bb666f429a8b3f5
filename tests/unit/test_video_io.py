"""Video files: what is written is read back, and whatever cannot be written or read is refused whole."""

import errno
import hashlib
import pathlib

import numpy as np
import pytest

from cnnlib import data, video
from cnnlib.errors import DtypeError, NonFiniteError, RangeError, ShapeError, VideoError
from cnnlib.video import encoding


def ramp(frames=6, height=16, width=24):
    """Frame t is one flat grey of brightness 20 + 30 t, so that each frame can be told by its mean."""
    return np.stack([np.full((height, width, 3), 20 + 30 * t, dtype=np.uint8) for t in range(frames)])


def test_pixels_by_hand():
    # 0.5 · 255 = 127.5 is rounded up to 128; bool counts as 0 and 255
    assert video.to_uint8(np.array([0.0, 0.2, 0.5, 1.0])).tolist() == [0, 51, 128, 255]
    assert video.to_uint8(np.array([True, False])).tolist() == [255, 0]
    assert video.to_uint8(np.array([7], dtype=np.uint8)).tolist() == [7]
    assert video.to_rgb(np.array([[0.2]])).tolist() == [[[51, 51, 51]]]


@pytest.mark.parametrize(
    ("picture", "error"),
    [
        (np.array([[0.0, 1.01]]), RangeError),
        (np.array([[-0.01, 1.0]]), RangeError),
        (np.array([[np.nan, 0.0]]), NonFiniteError),
        (np.array([[np.inf, 0.0]]), NonFiniteError),
        (np.array([[0, 255]]), DtypeError),
        (np.array([["a"]]), DtypeError),
        (np.zeros((2, 2, 2)), ShapeError),
        (np.zeros((2, 2, 4)), ShapeError),
        (np.zeros((0, 2)), ShapeError),
        (np.zeros(3), ShapeError),
    ],
)
def test_values_that_are_not_pixels(picture, error):
    with pytest.raises(error, match="to_rgb"):
        video.to_rgb(picture)


def test_written_frames_come_back_in_order(tmp_path):
    path = video.write(tmp_path / "ramp.mp4", ramp(), fps=12)
    back = video.read(path)
    assert back.shape == (6, 16, 24, 3) and back.dtype == np.uint8
    assert np.abs(back.astype(int) - ramp()).max() <= 3
    assert video.info(path) == video.VideoInfo(6, 16, 24, 12.0, "h264")
    assert video.info(path).seconds == 0.5


def test_colours_survive(tmp_path):
    clip = np.zeros((3, 16, 16, 3), np.uint8)
    for t in range(3):
        clip[t, :, :, t] = 200  # red, green, blue
    back = video.read(video.write(tmp_path / "colours.mp4", clip, quality=10))
    assert np.abs(back.astype(int) - clip).max() <= 6


def test_slices_of_frames(tmp_path):
    path = video.write(tmp_path / "ramp.mp4", ramp())
    whole = video.read(path)
    for start, stop, step in ((0, None, 1), (2, None, 1), (0, 3, 1), (1, 6, 2), (0, 100, 4)):
        assert np.array_equal(video.read(path, start, stop, step), whole[start:stop:step])
    assert video.read(path, size=(8, 12)).shape == (6, 8, 12, 3)


def test_frames_are_decoded_lazily(tmp_path):
    walk = video.frames(video.write(tmp_path / "ramp.mp4", ramp()))
    assert abs(int(next(walk).mean()) - 20) <= 3 and abs(int(next(walk).mean()) - 50) <= 3
    walk.close()


def test_a_generator_can_be_written(tmp_path):
    path = video.write(tmp_path / "made.mp4", (np.full((8, 8), t / 10) for t in range(5)))
    assert video.info(path).frames == 5


def test_odd_sizes_repeat_the_last_row_and_column(tmp_path):
    clip = np.zeros((2, 15, 17), np.uint8)
    clip[:, -1] = 200
    back = video.read(video.write(tmp_path / "odd.mp4", clip, quality=5))
    assert back.shape == (2, 16, 18, 3)
    assert np.abs(back[:, 14:].astype(int) - 200).max() < 12 and back[:, :12].max() < 12


def test_the_same_frames_give_the_same_bytes():
    clip = np.random.default_rng(1).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    planes = {encoding._frame(picture).to_ndarray().tobytes() for picture in np.repeat(clip[:1], 50, axis=0)}
    assert len(planes) == 1, "the change of colour space differs from call to call"
    made = {hashlib.sha256(video.encode(frames)).hexdigest() for frames in (clip, list(clip), clip, list(clip))}
    assert len(made) == 1, "x264 differs from call to call"
    assert video.encode(clip) != video.encode(clip[::-1])


@pytest.mark.parametrize("fps", [24, 29.97, 12.5, 1])
def test_frame_rates(tmp_path, fps):
    assert video.info(video.write(tmp_path / "a.mp4", ramp(), fps=fps)).fps == pytest.approx(fps, rel=1e-4)


@pytest.mark.parametrize(
    ("clip", "error"),
    [
        (np.zeros((0, 8, 8, 3), np.uint8), ShapeError),
        ([], ShapeError),
        (np.zeros((8, 8), np.uint8), ShapeError),
        (np.zeros((8, 8, 3), np.uint8), ShapeError),
        (np.zeros((2, 8, 8, 4), np.uint8), ShapeError),
        ([np.zeros((8, 8)), np.zeros((8, 10))], ShapeError),
        (7, ShapeError),
        (np.full((2, 8, 8), 2.0), RangeError),
        ([np.zeros((8, 8)), np.full((8, 8), np.nan)], NonFiniteError),
        (np.zeros((2, 8, 8), np.int32), DtypeError),
    ],
)
def test_what_cannot_be_written_leaves_no_file(tmp_path, clip, error):
    with pytest.raises(error):
        video.write(tmp_path / "a.mp4", clip)
    assert list(tmp_path.iterdir()) == []


def test_the_faulty_frame_is_named(tmp_path):
    with pytest.raises(NonFiniteError, match="frame 1"):
        video.encode([np.zeros((8, 8)), np.full((8, 8), np.nan)])


@pytest.mark.parametrize("option", [{"fps": 0}, {"fps": -1}, {"fps": float("nan")}, {"quality": 52}, {"quality": -1}])
def test_options_out_of_range(option):
    with pytest.raises(RangeError):
        video.encode(ramp(), **option)


def test_a_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = video.write(tmp_path / "a.mp4", ramp())
    old = path.read_bytes()
    write_bytes = pathlib.Path.write_bytes

    def full(self, content):
        write_bytes(self, content[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(VideoError, match=r"'a\.mp4'.*No space left"):
        video.write(path, ramp(7))
    assert path.read_bytes() == old and list(tmp_path.iterdir()) == [path]


def test_other_places_that_cannot_be_written(tmp_path):
    with pytest.raises(VideoError, match="end in .mp4"):
        video.write(tmp_path / "a.gif", ramp())
    with pytest.raises(VideoError, match="folder exists"):
        video.write(tmp_path / "nowhere" / "a.mp4", ramp())


def test_missing_empty_and_foreign_files(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is not a video, but it is long enough to look at" * 20)
    for name, words in (("no.mp4", "no file"), ("empty.mp4", "empty"), ("text.mp4", "not a readable video")):
        for call in (video.read, video.info, lambda p: next(video.frames(p))):
            with pytest.raises(VideoError, match=f"{words}|{name}"):
                call(tmp_path / name)


def test_truncated_and_damaged_files(tmp_path):
    raw = video.write(tmp_path / "whole.mp4", np.random.default_rng(0).random((12, 32, 32))).read_bytes()
    bad = tmp_path / "bad.mp4"
    for size in (40, len(raw) // 2, len(raw) - 600):
        bad.write_bytes(raw[:size])
        with pytest.raises(VideoError, match="bad.mp4"):
            video.read(bad)
    middle = raw.index(b"mdat") + 2000
    bad.write_bytes(raw[:middle] + bytes(800) + raw[middle + 800 :])
    with pytest.raises(VideoError, match="damaged"):
        video.read(bad)


def test_a_file_that_lost_its_last_pictures_is_refused(tmp_path):
    """The table of contents stands in front and is whole; the pictures at the end are missing."""
    import av

    clip, path = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3), dtype=np.uint8), tmp_path / "front.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for picture in clip:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    assert len(video.read(path)) == 12
    with av.open(str(path)) as container:
        tenth = sorted(packet.pos for packet in container.demux(video=0) if packet.size)[9]
    whole = path.read_bytes()
    for size in (tenth, tenth + 5, len(whole) * 6 // 10):  # between two pictures, and within one
        path.write_bytes(whole[:size])
        with pytest.raises(VideoError, match="truncated"):
            video.read(path)


def test_a_picture_that_decodes_with_errors_is_refused(tmp_path):
    raw, path = bytearray(data.asset("video/big_buck_bunny_30s.mp4").read_bytes()), tmp_path / "film.mp4"
    raw[200_000:200_400] = bytes(400)
    path.write_bytes(raw)
    with pytest.raises(VideoError, match=r"frame 285 of 'film\.mp4' is damaged"):
        video.read(path)
    assert len(video.read(path, stop=285)) == 285  # what comes before is whole


@pytest.mark.parametrize(
    "option", [{"start": -1}, {"stop": -1}, {"step": 0}, {"size": (0, 8)}, {"size": (8,)}, {"start": 6}, {"start": 3, "stop": 3}]
)
def test_ranges_without_frames(tmp_path, option):
    path = video.write(tmp_path / "ramp.mp4", ramp())
    with pytest.raises(RangeError):
        video.read(path, **option)


def test_a_file_with_sound_only_is_refused(tmp_path):
    import av

    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match="no video stream"):
        video.read(path)


def test_the_bundled_film_says_what_it_is():
    assert video.info(data.asset("video/big_buck_bunny_30s.mp4")) == video.VideoInfo(720, 180, 320, 24.0, "h264")
