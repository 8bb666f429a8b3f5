"""Convolution, bias, ReLU and max pooling by the formula's own loops, for small windows such as 3 × 3 pixels of a grey picture.

Such a window holds too few numbers for a matrix product to be worth the unfolding. Two things make plain loops fast
here. They are compiled for one size of windows, so the compiler writes the loops over p, q and c out. And the loop over f
stands innermost: the kernels' numbers for all f lie side by side, so it becomes vector instructions. Nothing is ever
written to memory but the pooled result.
"""

from functools import cache

import numpy as np
from numba import njit

CLOSED = 255  # where the ReLU gave 0: no gradient passes
FEW = 108  # products for one pooled number: four places of 3 × 3 pixels in colour
CHANNELS = 8  # out; with fewer there is too little to vectorise


def fits(k, slide, window):
    """True for small windows of convolution and pooling, without padding, dilation and groups."""
    plain = slide.groups == 1 and slide.dilation == (1, 1, 1) and slide.before == (0, 0, 0)
    return plain and k[..., 0].size * window[0] * window[1] <= FEW and k.shape[-1] >= CHANNELS


@cache
def forward_kernel(P, Q, C, stride, window, pool_stride):
    """Compile the forward loops for windows of P × Q × C numbers, pooled by windows of S × T."""
    (si, sj), (S, T), (pi, pj) = stride, window, pool_stride

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def forward(x, k, b, y, winners):
        N, H_out, W_out, F = y.shape
        zero = y.dtype.type(0)  # in the precision of y, or everything it meets would become float64
        for n in range(N):
            for i in range(H_out):
                for j in range(W_out):
                    for f in range(F):
                        best, winner = y.dtype.type(-np.inf), 0
                        for s in range(S):
                            u = (i * pi + s) * si
                            for t in range(T):
                                v = (j * pj + t) * sj
                                z = zero
                                for p in range(P):
                                    for q in range(Q):
                                        for c in range(C):
                                            z += x[n, u + p, v + q, c] * k[p, q, c, f]
                                winner = s * T + t if z > best else winner
                                best = max(z, best)
                        best += b[f]
                        y[n, i, j, f] = max(best, zero)
                        winners[n, i, j, f] = winner if best > zero else CLOSED

    return forward


@cache
def backward_kernel(P, Q, C, stride, window, pool_stride):
    """Compile the backward loops towards dk and db: dy goes to the place that won, and from there to the kernel."""
    (si, sj), (S, T), (pi, pj) = stride, window, pool_stride

    @njit(nogil=True, cache=True, fastmath={"contract"})
    def backward(dy, winners, x, dk, db):
        N, H_out, W_out, F = dy.shape
        share, zero = np.empty((S * T, F), dy.dtype), dy.dtype.type(0)
        for n in range(N):
            for i in range(H_out):
                for j in range(W_out):
                    upstream, winner = dy[n, i, j], winners[n, i, j]
                    for f in range(F):
                        db[f] += upstream[f] if winner[f] != CLOSED else zero
                        for place in range(S * T):
                            share[place, f] = upstream[f] if winner[f] == place else zero
                    for p in range(P):
                        for q in range(Q):
                            for c in range(C):
                                numbers = dk[p, q, c]
                                for f in range(F):
                                    total = zero
                                    for s in range(S):
                                        u = (i * pi + s) * si + p
                                        for t in range(T):
                                            v = (j * pj + t) * sj + q
                                            total += x[n, u, v, c] * share[s * T + t, f]
                                    numbers[f] += total

    return backward
