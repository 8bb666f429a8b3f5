"""Read and write video files: a clip on disk becomes an array (T,H,W,C) and back.

Decoding is done by FFmpeg through PyAV on one thread and with bit-exact arithmetic, so that the same file gives the
same pixels on every run.
"""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from cnnlib.errors import RangeError, VideoError
from cnnlib.video.encoding import EXACT, encode, write

__all__ = ["VideoInfo", "encode", "frames", "info", "read", "write"]


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
        raise VideoError(
            f"{call}: {path.name!r} is not a readable video ({error.strerror}) · copy it again, or convert it to an H.264 .mp4"
        ) from error
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
        raise RangeError(
            f"video.frames: start={start}, stop={stop}, step={step} · start and stop count frames from 0, step is at least 1"
        )
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
            raise VideoError(
                f"video.read: {Path(path).name!r} breaks off after frame {count} ({error.strerror}) · "
                "the file is damaged or truncated; copy it again"
            ) from error
        if count == 0 or count < stream.frames:
            raise VideoError(
                f"video.read: {Path(path).name!r} announces {stream.frames} frames, {count} can be decoded · "
                "the file is damaged or truncated; copy it again"
            )


def read(path, start=0, stop=None, step=1, size=None):
    """Read a clip from a video file into one array.

    Returns uint8 (T,H,W,3), values 0..255. Units: start, stop and step in frames, size=(H,W) in pixels.
    Errors: as `frames`; RangeError also when no frame of the file lies in the range.
    """
    clip = list(frames(path, start, stop, step, size))
    if not clip:
        raise RangeError(
            f"video.read: no frame of {Path(path).name!r} lies in start={start}, stop={stop} · "
            f"the file has {info(path).frames} frames, counted from 0"
        )
    return np.stack(clip)
