"""Read and write video files: a clip on disk becomes an array (T,H,W,C) and back.

Decoding and encoding are done by FFmpeg through PyAV, one thread at a time and with bit-exact arithmetic, so that the same
input gives the same bytes on every run.
"""

import io
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from cnnlib.errors import RangeError, ShapeError, VideoError
from cnnlib.video.pixels import to_rgb

EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says about itself: frames T, size H × W in pixels, frames per second, codec name."""

    frames: int
    height: int
    width: int
    fps: float
    codec: str

    @property
    def seconds(self):
        """Length in seconds, T / fps."""
        return self.frames / self.fps


def _open(path, call):
    path = Path(path)
    if not path.is_file():
        raise VideoError(f"{call}: there is no file {path.name!r} · check the name and the folder you run in")
    if path.stat().st_size == 0:
        raise VideoError(f"{call}: {path.name!r} is empty (0 bytes) · write or copy it again")
    try:
        container = av.open(str(path))
    except av.FFmpegError as error:
        raise VideoError(f"{call}: {path.name!r} is not a readable video ({error.strerror}) · copy it again, "
                         "or convert it to an H.264 .mp4") from error
    if not container.streams.video:
        container.close()
        raise VideoError(f"{call}: {path.name!r} holds no video stream · give a file with pictures in it")
    container.streams.video[0].codec_context.thread_count = 1
    return container


def info(path):
    """Describe a video file without decoding its pictures.

    Returns a `VideoInfo` (frames, height, width, fps, codec, seconds). The frames are counted packet by packet when
    the file does not state their number. Errors: VideoError for a missing, empty or unreadable file.
    """
    with _open(path, "video.info") as container:
        stream = container.streams.video[0]
        try:
            frames = stream.frames or sum(1 for packet in container.demux(stream) if packet.size)
        except av.FFmpegError as error:
            raise VideoError(f"video.info: {Path(path).name!r} breaks off ({error.strerror}) · copy it again") from error
        codec = stream.codec_context
        return VideoInfo(frames, codec.height, codec.width, float(stream.average_rate or 0), codec.name)


def frames(path, start=0, stop=None, step=1, size=None):
    """Decode a video lazily, one frame after the other, so that a long film never fills the memory.

    Yields uint8 (H,W,3), values 0..255. Units: start, stop and step count frames, as in a Python slice but without
    negative numbers; size=(H,W) in pixels resizes by area averaging.
    Errors: RangeError for a negative start or stop, a step below 1 or a size below 1; VideoError for a missing, empty,
    damaged or truncated file.
    """
    if start < 0 or (stop is not None and stop < 0) or step < 1:
        raise RangeError(f"video.frames: start={start}, stop={stop}, step={step} · "
                         "start and stop count frames from 0, step is at least 1")
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise RangeError(f"video.frames: size={size} · give size=(H,W) in pixels, both at least 1")
    return _decode(path, start, stop, step, size)


def _decode(path, start, stop, step, size):
    height, width = size if size is not None else (None, None)
    scaling = Interpolation.AREA if size is not None else Interpolation.BICUBIC
    count = 0
    with _open(path, "video.read") as container:
        stream = container.streams.video[0]
        try:
            for frame in container.decode(stream):
                if stop is not None and count >= stop:
                    return
                if frame.is_corrupt:
                    raise VideoError(f"video.read: frame {count} of {Path(path).name!r} is damaged · copy the file again")
                if count >= start and (count - start) % step == 0:
                    picture = frame.reformat(width, height, "rgb24", interpolation=scaling | EXACT, threads=1)
                    yield picture.to_ndarray()
                count += 1
        except av.FFmpegError as error:
            raise VideoError(f"video.read: {Path(path).name!r} breaks off after frame {count} ({error.strerror}) · "
                             "the file is damaged or truncated; copy it again") from error
        if count == 0 or count < stream.frames:
            raise VideoError(f"video.read: {Path(path).name!r} announces {stream.frames} frames, {count} can be decoded · "
                             "the file is damaged or truncated; copy it again")


def read(path, start=0, stop=None, step=1, size=None):
    """Read a clip from a video file into one array.

    Returns uint8 (T,H,W,3), values 0..255. Units: start, stop and step in frames, size=(H,W) in pixels.
    Errors: as `frames`; RangeError also when no frame of the file lies in the range.
    """
    clip = list(frames(path, start, stop, step, size))
    if not clip:
        raise RangeError(f"video.read: no frame of {Path(path).name!r} lies in start={start}, stop={stop} · "
                         f"the file has {info(path).frames} frames, counted from 0")
    return np.stack(clip)


def encode(pictures, fps=24, quality=23):
    """Encode pictures as an H.264 MP4 file held in memory; the same pictures always give the same bytes.

    Takes a clip (T,H,W,3), (T,H,W,1) or (T,H,W), or any iterable of pictures (H,W,3), (H,W,1) or (H,W); uint8 0..255,
    float 0..1 or bool. H.264 with 4:2:0 colour needs even sizes, so an odd height or width is made even by repeating the last
    row or column. Units: fps in frames per second, quality is x264's constant rate factor, 0 (best) to 51 (smallest).
    Returns bytes. Errors: ShapeError for no frames or frames of unequal size, DtypeError, RangeError and NonFiniteError as
    `pixels.to_uint8`, VideoError if the encoder fails.
    """
    if not (math.isfinite(fps) and 0 < fps <= 1000):
        raise RangeError(f"video.encode: fps={fps} · give frames per second above 0 and at most 1000")
    if not 0 <= quality <= 51:
        raise RangeError(f"video.encode: quality={quality} · give a number from 0 (best) to 51 (smallest)")
    target, shape = io.BytesIO(), None
    try:
        with av.open(target, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
            for t, picture in enumerate(_pictures(pictures)):
                rgb = to_rgb(picture, f"video.encode (frame {t})")
                if shape is None:
                    shape = rgb.shape
                    stream = _stream(container, shape, fps, quality)
                if rgb.shape != shape:
                    raise ShapeError(f"video.encode: frame {t} has shape {rgb.shape}, frame 0 has {shape} · "
                                     "all frames of a clip have one size")
                even = np.pad(rgb, ((0, shape[0] % 2), (0, shape[1] % 2), (0, 0)), mode="edge")
                frame = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
                    format="yuv420p", dst_colorspace="ITU601", interpolation=Interpolation.BICUBIC | EXACT, threads=1)
                frame.pts = t
                container.mux(stream.encode(frame))
            if shape is None:
                raise ShapeError("video.encode: the clip has no frames (T=0) · give at least one picture")
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise VideoError(f"video.encode: the encoder refused the clip ({error.strerror}) · frames {shape}, fps={fps}; "
                         "try a smaller picture") from error
    return target.getvalue()


def _pictures(pictures):
    if not isinstance(pictures, np.ndarray):
        if not isinstance(pictures, Iterable):
            raise ShapeError(f"video.encode: {type(pictures).__name__} is not a clip · give an array (T,H,W,3) or a list of pictures")
        return pictures
    if pictures.ndim not in (3, 4) or (pictures.ndim == 3 and pictures.shape[2] in (1, 3, 4)):
        raise ShapeError(f"video.encode: a clip has shape (T,H,W,3), (T,H,W,1) or (T,H,W), not {pictures.shape} · "
                         "for a single picture give picture[None]")
    return pictures


def _stream(container, shape, fps, quality):
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
    stream.height, stream.width = shape[0] + shape[0] % 2, shape[1] + shape[1] % 2
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": str(quality), "preset": "slow"}
    codec = stream.codec_context
    codec.thread_count = 1
    codec.colorspace = 6  # SMPTE 170M, the matrix that ITU601 names above
    codec.color_range = 1  # limited range, 16..235
    return stream


def write(path, pictures, fps=24, quality=23):
    """Write pictures as an H.264 .mp4 file that every browser plays.

    Takes, refuses and pads what `encode` does. The file appears whole or not at all: it is written beside its place and then
    renamed. Returns the path. Errors: as `encode`; VideoError for another suffix than .mp4 or when the disk refuses.
    """
    path = Path(path)
    if path.suffix.lower() != ".mp4":
        raise VideoError(f"video.write: {path.name!r} · the file name must end in .mp4")
    data = encode(pictures, fps, quality)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        beside.write_bytes(data)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise VideoError(f"video.write: {path.name!r} could not be written ({error.strerror}) · "
                         "check that the folder exists, is writable and has room") from error
    return path
