"""Write video files: pictures become an H.264 MP4 that every browser plays.

Encoding is done by FFmpeg through PyAV on one thread, with bit-exact arithmetic and without x264's vector code, whose
choice depends on the processor, so that the same pictures give the same bytes on every run.
"""

import io
import math
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation

from cnnlib.errors import RangeError, ShapeError, VideoError
from cnnlib.video.pixels import to_rgb

EXACT = Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT


def encode(pictures, fps=24, quality=23):
    """Encode pictures as an H.264 MP4 file held in memory; the same pictures always give the same bytes.

    Takes a clip (T,H,W,3), (T,H,W,1) or (T,H,W), or any iterable of pictures (H,W,3), (H,W,1) or (H,W); uint8
    0..255, float 0..1 or bool. H.264 with 4:2:0 colour needs even sizes, so an odd height or width is made even
    by repeating the last row or column. Units: fps in frames per second, quality is x264's constant rate
    factor, 0 (best) to 51 (smallest).
    Returns bytes. Errors: ShapeError for no frames or frames of unequal size, DtypeError, RangeError and
    NonFiniteError as `pixels.to_uint8`, VideoError if the encoder fails.
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
                    raise ShapeError(
                        f"video.encode: frame {t} has shape {rgb.shape}, frame 0 has {shape} · all frames of a clip have one size"
                    )
                frame = _frame(rgb)
                frame.pts = t
                container.mux(stream.encode(frame))
            if shape is None:
                raise ShapeError("video.encode: the clip has no frames (T=0) · give at least one picture")
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise VideoError(
            f"video.encode: the encoder refused the clip ({error.strerror}) · frames {shape}, fps={fps}; try a smaller picture"
        ) from error
    return target.getvalue()


def _pictures(pictures):
    if not isinstance(pictures, np.ndarray):
        if not isinstance(pictures, Iterable):
            raise ShapeError(
                f"video.encode: {type(pictures).__name__} is not a clip · give an array (T,H,W,3) or a list of pictures"
            )
        return pictures
    if pictures.ndim not in (3, 4) or (pictures.ndim == 3 and pictures.shape[2] in (1, 3, 4)):
        raise ShapeError(
            f"video.encode: a clip has shape (T,H,W,3), (T,H,W,1) or (T,H,W), not {pictures.shape} · "
            "for one picture give picture[None], for a narrow grey clip clip[..., None]"
        )
    return pictures


def _frame(rgb):
    """rgb (H,W,3) → a frame of even size with luminance at every pixel and colour at every second one (4:2:0)."""
    even = np.pad(rgb, ((0, rgb.shape[0] % 2), (0, rgb.shape[1] % 2), (0, 0)), mode="edge")
    return av.VideoFrame.from_ndarray(even, format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU601", interpolation=Interpolation.BICUBIC | EXACT, threads=1
    )


def _stream(container, shape, fps, quality):
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
    stream.height, stream.width = shape[0] + shape[0] % 2, shape[1] + shape[1] % 2
    stream.pix_fmt = "yuv420p"
    stream.options = {"crf": str(quality), "preset": "slow", "x264-params": "asm=0"}
    codec = stream.codec_context
    codec.thread_count = 1
    codec.colorspace = 6  # SMPTE 170M, the matrix that ITU601 names above
    codec.color_range = 1  # limited range, 16..235
    return stream


def write(path, pictures, fps=24, quality=23):
    """Write pictures as an H.264 .mp4 file that every browser plays.

    Takes, refuses and pads what `encode` does. The file appears whole or not at all: it is written beside its
    place and then renamed. Returns the path. Errors: as `encode`; VideoError for another suffix than .mp4 or
    when the disk refuses.
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
        raise VideoError(
            f"video.write: {path.name!r} could not be written ({error.strerror}) · "
            "check that the folder exists, is writable and has room"
        ) from error
    return path
