"""Video files in and out: `read`, `frames`, `info`, `write`, `encode`."""

from cnnlib.video.io import VideoInfo, encode, frames, info, read, write
from cnnlib.video.pixels import to_rgb, to_uint8

__all__ = ["VideoInfo", "encode", "frames", "info", "read", "to_rgb", "to_uint8", "write"]
