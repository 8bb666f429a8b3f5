"""Video files in and out: `read`, `frames`, `info`, `write`, `encode`."""

from cnnlib.video.encoding import encode, write
from cnnlib.video.io import VideoInfo, frames, info, read
from cnnlib.video.pixels import to_rgb, to_uint8

__all__ = ["VideoInfo", "encode", "frames", "info", "read", "to_rgb", "to_uint8", "write"]
