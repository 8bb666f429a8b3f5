"""Every formula of the book as plain loops: the executable specification.

Nothing here is fast and nothing here is clever. The letters are the book's, and
the arrays are channels-last: x (N, H, W, C), k (P, Q, C, F). Arguments are
spelled out (stride as a pair, padding as two pairs) so that Numba can compile
these very functions (`cnnlib.compiled`). `cnnlib.ops` takes friendlier
arguments, checks them, and must give the same numbers.
"""

import numpy as np


def correlate(x, k):
    """The convolution of this course, on one picture: a cross-correlation.

    y(i, j) = Σ_p Σ_q x(i + p, j + q) · k(p, q)

    x (H, W), k (P, Q) → y (H − P + 1, W − Q + 1).

    >>> correlate(np.array([[1., 2., 3.], [4., 5., 6.]]), np.array([[1., -1.]]))
    array([[-1., -1.],
           [-1., -1.]])
    """
    H, W = x.shape
    P, Q = k.shape
    y = np.zeros((H - P + 1, W - Q + 1), x.dtype)
    for i in range(H - P + 1):
        for j in range(W - Q + 1):
            for p in range(P):
                for q in range(Q):
                    y[i, j] += x[i + p, j + q] * k[p, q]
    return y


def convolve(x, k):
    """The mathematician's convolution: half a turn of the kernel, then slide it.

    y(i, j) = Σ_p Σ_q x(i + p, j + q) · k(P − 1 − p, Q − 1 − q)

    x (H, W), k (P, Q) → y (H − P + 1, W − Q + 1).

    >>> convolve(np.array([[1., 2., 3.], [4., 5., 6.]]), np.array([[1., -1.]]))
    array([[1., 1.],
           [1., 1.]])
    """
    return correlate(x, k[::-1, ::-1])


def conv2d(x, k, b, stride=(1, 1), padding=((0, 0), (0, 0)),
           dilation=(1, 1), groups=1):
    """Convolution layer: the same sum over all channels, plus a bias.

    y(n, i, j, f) = b(f) + Σ_p Σ_q Σ_c x(n, u, v, c) · k(p, q, c, f)
    with u = i·s + p·d − top, v = j·s + q·d − left

    Pixels outside the picture count as zero. With groups, kernel f sees only
    the channels of its own group.
    x (N, H, W, C), k (P, Q, C / groups, F), b (F,) → y (N, H', W', F).
    """
    N, H, W, C = x.shape
    P, Q, Cg, F = k.shape
    (si, sj), (di, dj) = stride, dilation
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - di * (P - 1) - 1) // si + 1
    W_out = (W + left + right - dj * (Q - 1) - 1) // sj + 1
    y = np.zeros((N, H_out, W_out, F), x.dtype)
    for n, i, j, f in np.ndindex(N, H_out, W_out, F):
        first = f // (F // groups) * Cg  # first channel of f's group
        y[n, i, j, f] = b[f]
        for p, q, c in np.ndindex(P, Q, Cg):
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= u < H and 0 <= v < W:
                y[n, i, j, f] += x[n, u, v, first + c] * k[p, q, c, f]
    return y


def conv2d_backward(dy, x, k, stride=(1, 1), padding=((0, 0), (0, 0)),
                    dilation=(1, 1), groups=1):
    """Gradients of `conv2d`, by the same loops.

    Every product x · k of the forward pass sends dy · k to dx and dy · x to dk.
    dy (N, H', W', F), x (N, H, W, C), k (P, Q, C / groups, F)
    → dx like x, dk like k, db (F,).
    """
    N, H, W, C = x.shape
    P, Q, Cg, F = k.shape
    (si, sj), (di, dj) = stride, dilation
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx, dk, db = np.zeros_like(x), np.zeros_like(k), np.zeros(F, x.dtype)
    for n, i, j, f in np.ndindex(N, H_out, W_out, F):
        first = f // (F // groups) * Cg
        db[f] += dy[n, i, j, f]
        for p, q, c in np.ndindex(P, Q, Cg):
            u, v = i * si + p * di - top, j * sj + q * dj - left
            if 0 <= u < H and 0 <= v < W:
                dx[n, u, v, first + c] += dy[n, i, j, f] * k[p, q, c, f]
                dk[p, q, c, f] += dy[n, i, j, f] * x[n, u, v, first + c]
    return dx, dk, db


def max_pool2d(x, window=(2, 2), stride=(2, 2), padding=((0, 0), (0, 0))):
    """Max pooling: the largest value in each window.

    y(n, i, j, c) = max over 0 ≤ p < P, 0 ≤ q < Q of x(n, u, v, c)
    with u = i·s + p − top, v = j·s + q − left

    Pixels outside the picture are left out. x (N, H, W, C) → y (N, H', W', C).
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.full((N, H_out, W_out, C), -np.inf, x.dtype)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W and x[n, u, v, c] > y[n, i, j, c]:
                y[n, i, j, c] = x[n, u, v, c]
    return y


def max_pool2d_backward(dy, x, window=(2, 2), stride=(2, 2),
                        padding=((0, 0), (0, 0))):
    """Gradient of `max_pool2d`: each dy goes to the pixel that won.

    Of equal pixels the first one wins.
    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        best_u, best_v = -1, -1  # no winner yet
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W:
                if best_u < 0 or x[n, u, v, c] > x[n, best_u, best_v, c]:
                    best_u, best_v = u, v
        if best_u >= 0:
            dx[n, best_u, best_v, c] += dy[n, i, j, c]
    return dx


def avg_pool2d(x, window=(2, 2), stride=(2, 2), padding=((0, 0), (0, 0))):
    """Average pooling: the mean of a window's pixels inside the picture.

    y(n, i, j, c) = (1 / m) · Σ_p Σ_q x(n, u, v, c), m = pixels inside
    with u = i·s + p − top, v = j·s + q − left

    x (N, H, W, C) → y (N, H', W', C).
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, bottom), (left, right) = padding
    H_out = (H + top + bottom - P) // si + 1
    W_out = (W + left + right - Q) // sj + 1
    y = np.zeros((N, H_out, W_out, C), x.dtype)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        inside = 0
        for p, q in np.ndindex(P, Q):
            u, v = i * si + p - top, j * sj + q - left
            if 0 <= u < H and 0 <= v < W:
                inside += 1
                y[n, i, j, c] += x[n, u, v, c]
        y[n, i, j, c] /= max(inside, 1)
    return y


def avg_pool2d_backward(dy, x, window=(2, 2), stride=(2, 2),
                        padding=((0, 0), (0, 0))):
    """Gradient of `avg_pool2d`: a window's m pixels share its dy equally.

    dy (N, H', W', C), x (N, H, W, C) → dx like x.
    """
    N, H, W, C = x.shape
    (P, Q), (si, sj) = window, stride
    (top, _), (left, _) = padding
    _, H_out, W_out, _ = dy.shape
    dx = np.zeros_like(x)
    for n, i, j, c in np.ndindex(N, H_out, W_out, C):
        u0, u1 = max(i * si - top, 0), min(i * si - top + P, H)
        v0, v1 = max(j * sj - left, 0), min(j * sj - left + Q, W)
        share = dy[n, i, j, c] / ((u1 - u0) * (v1 - v0))
        for u in range(u0, u1):
            for v in range(v0, v1):
                dx[n, u, v, c] += share
    return dx


def dense(x, w, b):
    """Dense layer: y(n, o) = Σ_i x(n, i) · w(i, o) + b(o).

    x (N, I), w (I, O), b (O,) → y (N, O).

    >>> dense(np.array([[1., 2.]]), np.array([[3.], [4.]]), np.array([0.5]))
    array([[11.5]])
    """
    N, I = x.shape
    O = w.shape[1]
    y = np.zeros((N, O), x.dtype)
    for n in range(N):
        for o in range(O):
            y[n, o] = b[o]
            for i in range(I):
                y[n, o] += x[n, i] * w[i, o]
    return y


def dense_backward(dy, x, w):
    """Gradients of `dense`: dx = Σ_o dy · w, dw = Σ_n dy · x, db = Σ_n dy.

    dy (N, O), x (N, I), w (I, O) → dx like x, dw like w, db (O,).
    """
    N, I = x.shape
    O = w.shape[1]
    dx, dw, db = np.zeros_like(x), np.zeros_like(w), np.zeros(O, x.dtype)
    for n in range(N):
        for o in range(O):
            db[o] += dy[n, o]
            for i in range(I):
                dx[n, i] += dy[n, o] * w[i, o]
                dw[i, o] += dy[n, o] * x[n, i]
    return dx, dw, db


def relu(x):
    """Rectifier: y = max(x, 0), number by number; any shape."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = max(x[i], 0)
    return y


def relu_backward(dy, x):
    """Gradient of `relu`: dy where the input x is positive, else 0."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        if x[i] > 0:
            dx[i] = dy[i]
    return dx


def sigmoid(x):
    """Logistic function y = 1 / (1 + e^(−x)), as a tanh that cannot overflow."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = 0.5 + 0.5 * np.tanh(0.5 * x[i])
    return y


def sigmoid_backward(dy, x):
    """Gradient of `sigmoid`: dx = dy · y · (1 − y)."""
    y, dx = sigmoid(x), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        dx[i] = dy[i] * y[i] * (1 - y[i])
    return dx


def tanh(x):
    """Hyperbolic tangent, number by number."""
    y = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        y[i] = np.tanh(x[i])
    return y


def tanh_backward(dy, x):
    """Gradient of `tanh`: dx = dy · (1 − y²)."""
    dx = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        dx[i] = dy[i] * (1 - np.tanh(x[i]) ** 2)
    return dx


def softmax(x):
    """Scores to probabilities, row by row.

    y(n, c) = e^(x(n, c) − m) / Σ_k e^(x(n, k) − m), m the largest of row n

    Subtracting m changes nothing on paper and keeps e^x finite.
    x (N, C) → y (N, C).

    >>> softmax(np.array([[0., np.log(3.)]]))
    array([[0.25, 0.75]])
    """
    N, C = x.shape
    y = np.zeros_like(x)
    for n in range(N):
        largest = np.max(x[n])
        total = 0.0
        for c in range(C):
            total += np.exp(x[n, c] - largest)
        for c in range(C):
            y[n, c] = np.exp(x[n, c] - largest) / total
    return y


def softmax_backward(dy, x):
    """Gradient of `softmax`.

    dx(n, c) = y(n, c) · (dy(n, c) − Σ_k dy(n, k) · y(n, k))
    """
    N, C = x.shape
    y = softmax(x)
    dx = np.zeros_like(x)
    for n in range(N):
        mean = 0.0
        for k in range(C):
            mean += dy[n, k] * y[n, k]
        for c in range(C):
            dx[n, c] = y[n, c] * (dy[n, c] - mean)
    return dx


def cross_entropy(logits, labels):
    """Mean surprise at the true class, in nats.

    L = −(1 / N) Σ_n log softmax(logits)(n, labels(n))

    The logarithm is written out, x − m − log Σ e^(x − m), so that it never
    meets a zero. logits (N, C), labels (N,) in 0 … C − 1 → one number.

    >>> loss = cross_entropy(np.array([[0., np.log(3.)]]), np.array([0]))
    >>> round(float(loss), 4)   # log 4
    1.3863
    """
    N, C = logits.shape
    loss = 0.0
    for n in range(N):
        largest = np.max(logits[n])
        total = 0.0
        for c in range(C):
            total += np.exp(logits[n, c] - largest)
        loss += np.log(total) - (logits[n, labels[n]] - largest)
    return loss / N


def cross_entropy_backward(dy, logits, labels):
    """Gradient of `cross_entropy`: (softmax − 1 at the true class) · dy / N.

    dy one number, logits (N, C), labels (N,) → dlogits (N, C).
    """
    N = logits.shape[0]
    dlogits = softmax(logits)
    for n in range(N):
        dlogits[n, labels[n]] -= 1
    return dlogits * np.array(dy / N, logits.dtype)


def squared_error(prediction, target):
    """Mean squared error over all M numbers: (1 / M) Σ (prediction − target)²."""
    loss = 0.0
    for i in np.ndindex(prediction.shape):
        loss += (prediction[i] - target[i]) ** 2
    return loss / prediction.size


def squared_error_backward(dy, prediction, target):
    """Gradient of `squared_error`: 2 · (prediction − target) · dy / M."""
    d = np.zeros_like(prediction)
    for i in np.ndindex(prediction.shape):
        d[i] = 2 * (prediction[i] - target[i]) * dy / prediction.size
    return d
