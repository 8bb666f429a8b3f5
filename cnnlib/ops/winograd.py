"""3 × 3 convolution with fewer multiplications: Winograd's minimal filtering F(2 × 2, 3 × 3).

Two neighbouring outputs of a kernel of three numbers take six products by the formula. Four are enough:

    m0 = (x0 − x2) · k0                     y0 = m0 + m1 + m2
    m1 = (x1 + x2) · (k0 + k1 + k2) / 2     y1 = m1 − m2 − m3
    m2 = (x2 − x1) · (k0 − k1 + k2) / 2
    m3 = (x1 − x3) · k2

Done along rows and along columns, a tile of 4 × 4 pixels gives 2 × 2 outputs with 16 products instead of 36. With B, G
and A for the three sets of factors, Y = Aᵀ [(G k Gᵀ) ⊙ (Bᵀ x B)] A. Summed over channels, each of the 16 places is a
matrix product of all tiles with all kernels. What is saved in products is paid for in additions, so it pays only where
there are many channels. Rounding errors are of the size of those of the direct sum; chapter 07 measures them.

Every step is linear. The backward pass is therefore the same three steps, each transposed, in reverse order.

Sources: S. Winograd, "Arithmetic complexity of computations", SIAM 1980; A. Lavin, S. Gray, "Fast algorithms for
convolutional neural networks", arXiv 1509.09308.
"""

import math

import numpy as np
from numba import njit

from ..threads import scratch
from .im2col import turned

G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
CHANNELS = 16  # fewer, in or out, and the additions cost more than the products saved
TILES = 128  # of a block: enough for the matrix products to run at full speed …
BYTES = 2**21  # … or more of them while a block fits in so many bytes


def fits(x, k, slide):
    """True for 3 × 3 windows moved by one pixel, over the frames of x one by one, with enough channels."""
    one_by_one = slide.stride == slide.dilation == (1, 1, 1) and slide.out[0] == x.shape[1] and slide.before[0] == 0
    return slide.window == (1, 3, 3) and one_by_one and slide.groups == 1 and min(k.shape[-2:]) >= CHANNELS


def prepare(k, groups=1):
    """G k Gᵀ: k (…, 3, 3, C, F) → (16, C, F), in the dtype of k."""
    C, F = k.shape[-2:]
    factors = scratch("factors", 16 * C * F, k.dtype).reshape(16, C * F)
    return np.matmul(np.kron(G, G).astype(k.dtype), k.reshape(9, C * F), out=factors).reshape(16, C, F)


def restore(dk, shape):
    """The transpose of `prepare`: gradient (16, C, F) → gradient of k, in its shape."""
    return (np.kron(G, G).T.astype(dk.dtype) @ dk.reshape(16, -1)).reshape(shape)


def bands(slide, pictures):
    """Rows of tiles in so many pictures (or clips): the units that threads may share in the forward pass."""
    return pictures * slide.out[0] * _tiles(slide.out[1])


def multiply(x, kernels, b, y, slide, part):
    """One thread's share of the forward pass: fill rows of tiles number `part` (a slice) of y (N, T', H', W', F)."""
    y = y.reshape(-1, *y.shape[2:])
    for block, tiles, products in _blocks(part, x, y, slide):
        _to_tiles(_lines(x), tiles, block.start, _tiles(slide.out[1]), slide.before[1:])
        np.matmul(_flat(tiles), kernels, out=_flat(products))
        _from_tiles(products, b, y, block.start)


def spread(dy, x, kernels, slide, dx, dk):
    """One thread's share of the backward pass: add to dk (16, C, F) and, where wanted, fill dx like x, zero until now."""
    whole, transposed, product = slice(0, bands(slide, len(x))), turned(kernels), scratch("dk", kernels.size, kernels.dtype)
    dy = dy.reshape(-1, *dy.shape[2:])
    for block, tiles, products in _blocks(whole, x, dy, slide):
        _from_tiles_backward(dy, products, block.start)
        if dk is not None:
            _to_tiles(_lines(x), tiles, block.start, _tiles(slide.out[1]), slide.before[1:])
            dk += np.matmul(_flat(tiles).transpose(0, 2, 1), _flat(products), out=product.reshape(dk.shape))
        if dx is not None:
            np.matmul(_flat(products), transposed, out=_flat(tiles))
            _to_tiles_backward(tiles, _lines(dx), block.start, _tiles(slide.out[1]), slide.before[1:])


def _blocks(part, x, y, slide):
    """Cut rows of tiles into blocks: (slice, room for tiles (4, 4, rows, J, C) and for products (4, 4, rows, J, F))."""
    C, F, across = x.shape[-1], y.shape[-1], _tiles(slide.out[2])
    tiles = max(TILES, BYTES // (16 * (C + F) * x.itemsize))
    step = max(1, tiles // across)
    for start in range(part.start, part.stop, step):
        block = slice(start, min(start + step, part.stop))
        shape = (4, 4, block.stop - start, across)
        size = 16 * step * across
        yield (block, scratch("tiles", size * C, x.dtype)[:math.prod(shape) * C].reshape(*shape, C),
               scratch("products", size * F, y.dtype)[:math.prod(shape) * F].reshape(*shape, F))


def _tiles(outputs):
    """Tiles that cover so many outputs along an axis; the last one may stick out."""
    return (outputs + 1) // 2


def _lines(x):
    """(N, T, H, W, C) → (N · T, H, W · C): each frame on its own, each line of pixels as one run of numbers."""
    return x.reshape(-1, x.shape[2], x.shape[3] * x.shape[4])


def _flat(tiles):
    """(4, 4, rows, J, C) → (16, tiles, C)."""
    return tiles.reshape(16, -1, tiles.shape[-1])


# In the four kernels below, tile (line, j) starts at pixel (u, v) of picture n. The numbers of one pixel's channels lie
# together, and so do those of the four pixels of one row of a patch: every innermost loop runs over neighbours.


@njit(nogil=True, cache=True)
def _to_tiles(x, tiles, first, down, before):
    """Bᵀ x B for each patch of 4 × 4 pixels; pixels outside the picture count as zero. x (N, H, W · C)."""
    N, H, width = x.shape
    _, _, lines, across, C = tiles.shape
    patch, half = np.empty((4, 4 * C), x.dtype), np.empty((4, 4, C), x.dtype)
    flat = half.reshape(4, 4 * C)
    for line in range(lines):
        n, u = (first + line) // down, 2 * ((first + line) % down) - before[0]
        for j in range(across):
            start = (2 * j - before[1]) * C
            if 0 <= u <= H - 4 and 0 <= start <= width - 4 * C:
                rows = x[n, u:u + 4, start:start + 4 * C]
                x0, x1, x2, x3 = rows[0], rows[1], rows[2], rows[3]
            else:
                _cut_patch(x[n], patch, u, start)
                x0, x1, x2, x3 = patch[0], patch[1], patch[2], patch[3]
            for c in range(4 * C):
                flat[0, c] = x0[c] - x2[c]
                flat[1, c] = x1[c] + x2[c]
                flat[2, c] = x2[c] - x1[c]
                flat[3, c] = x1[c] - x3[c]
            for a in range(4):
                for c in range(C):
                    tiles[a, 0, line, j, c] = half[a, 0, c] - half[a, 2, c]
                    tiles[a, 1, line, j, c] = half[a, 1, c] + half[a, 2, c]
                    tiles[a, 2, line, j, c] = half[a, 2, c] - half[a, 1, c]
                    tiles[a, 3, line, j, c] = half[a, 1, c] - half[a, 3, c]


@njit(nogil=True, cache=True)
def _to_tiles_backward(tiles, dx, first, down, before):
    """Transpose of `_to_tiles`: add B t Bᵀ to the pixels of each patch. dx (N, H, W · C)."""
    N, H, width = dx.shape
    _, _, lines, across, C = tiles.shape
    patch, half = np.empty((4, 4 * C), dx.dtype), np.empty((4, 4, C), dx.dtype)
    flat = half.reshape(4, 4 * C)
    for line in range(lines):
        n, u = (first + line) // down, 2 * ((first + line) % down) - before[0]
        for j in range(across):
            start = (2 * j - before[1]) * C
            for a in range(4):
                t0, t1, t2, t3 = tiles[a, 0, line, j], tiles[a, 1, line, j], tiles[a, 2, line, j], tiles[a, 3, line, j]
                for c in range(C):
                    half[a, 0, c] = t0[c]
                    half[a, 1, c] = t1[c] - t2[c] + t3[c]
                    half[a, 2, c] = t1[c] + t2[c] - t0[c]
                    half[a, 3, c] = -t3[c]
            inside = 0 <= u <= H - 4 and 0 <= start <= width - 4 * C
            if inside:
                rows = dx[n, u:u + 4, start:start + 4 * C]
                x0, x1, x2, x3 = rows[0], rows[1], rows[2], rows[3]
            else:
                patch[:] = 0
                x0, x1, x2, x3 = patch[0], patch[1], patch[2], patch[3]
            for c in range(4 * C):
                x0[c] += flat[0, c]
                x1[c] += flat[1, c] - flat[2, c] + flat[3, c]
                x2[c] += flat[1, c] + flat[2, c] - flat[0, c]
                x3[c] -= flat[3, c]
            if not inside:
                _add_patch(dx[n], patch, u, start)


@njit(nogil=True, cache=True)
def _cut_patch(picture, patch, u, start):
    """Copy a patch that sticks out of the picture (H, W · C): zeros there."""
    H, width = picture.shape
    patch[:] = 0
    for a in range(max(-u, 0), min(4, H - u)):
        for c in range(max(-start, 0), min(patch.shape[1], width - start)):
            patch[a, c] = picture[u + a, start + c]


@njit(nogil=True, cache=True)
def _add_patch(picture, patch, u, start):
    """The transpose of `_cut_patch`."""
    H, width = picture.shape
    for a in range(max(-u, 0), min(4, H - u)):
        for c in range(max(-start, 0), min(patch.shape[1], width - start)):
            picture[u + a, start + c] += patch[a, c]


@njit(nogil=True, cache=True)
def _from_tiles(products, b, y, first):
    """Aᵀ m A + b for each tile: 2 × 2 outputs; what would lie outside y is dropped."""
    _, H_out, W_out, F = y.shape
    _, _, lines, across, _ = products.shape
    down = (H_out + 1) // 2
    half = np.empty((2, 4, F), y.dtype)
    for line in range(lines):
        n, i = (first + line) // down, 2 * ((first + line) % down)
        for j in range(across):
            for e in range(4):
                m0, m1 = products[0, e, line, j], products[1, e, line, j]
                m2, m3 = products[2, e, line, j], products[3, e, line, j]
                for f in range(F):
                    half[0, e, f] = m0[f] + m1[f] + m2[f]
                    half[1, e, f] = m1[f] - m2[f] - m3[f]
            for a in range(min(2, H_out - i)):
                numbers = y[n, i + a, 2 * j]
                for f in range(F):
                    numbers[f] = half[a, 0, f] + half[a, 1, f] + half[a, 2, f] + b[f]
                if 2 * j + 1 < W_out:
                    numbers = y[n, i + a, 2 * j + 1]
                    for f in range(F):
                        numbers[f] = half[a, 1, f] - half[a, 2, f] - half[a, 3, f] + b[f]


@njit(nogil=True, cache=True)
def _from_tiles_backward(dy, products, first):
    """Transpose of `_from_tiles`: A d Aᵀ for each 2 × 2 upstream numbers; outside dy they count as zero."""
    _, H_out, W_out, F = dy.shape
    _, _, lines, across, _ = products.shape
    down = (H_out + 1) // 2
    patch, half = np.empty((2, 2, F), dy.dtype), np.empty((4, 2, F), dy.dtype)
    for line in range(lines):
        n, i = (first + line) // down, 2 * ((first + line) % down)
        for j in range(across):
            for a in range(2):
                for e in range(2):
                    numbers = patch[a, e]
                    if i + a < H_out and 2 * j + e < W_out:
                        upstream = dy[n, i + a, 2 * j + e]
                        for f in range(F):
                            numbers[f] = upstream[f]
                    else:
                        numbers[:] = 0
            for e in range(2):
                for f in range(F):
                    half[0, e, f] = patch[0, e, f]
                    half[1, e, f] = patch[0, e, f] + patch[1, e, f]
                    half[2, e, f] = patch[0, e, f] - patch[1, e, f]
                    half[3, e, f] = -patch[1, e, f]
            for a in range(4):
                for f in range(F):
                    products[a, 0, line, j, f] = half[a, 0, f]
                    products[a, 1, line, j, f] = half[a, 0, f] + half[a, 1, f]
                    products[a, 2, line, j, f] = half[a, 0, f] - half[a, 1, f]
                    products[a, 3, line, j, f] = -half[a, 1, f]
