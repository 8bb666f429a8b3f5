"""Checks of the exercises, one module or package per chapter: `from cnnlib.checks import ch02; ch02.conv2d(my_conv2d)`.

A check calls your function with small inputs, prints one line for each property that holds, and raises `CheckFailed`
at the first that does not, saying what it saw and where to look. It never tells the answer.
"""
