"""Checks of chapter 01: pictures and clips as arrays, and the exercises of its assignment."""

from .assignment_clips import clip_psnr, cuts, slow_motion, walking_slice
from .assignment_pictures import contrast, over
from .chapter import brighten, fade, frame_differences, space_time_slice

__all__ = [
    "brighten", "space_time_slice", "frame_differences", "fade", "contrast", "walking_slice", "over", "clip_psnr",
    "slow_motion", "cuts",
]
