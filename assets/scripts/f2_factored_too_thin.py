"""W as a column times a row: rank 1 cannot hold it. At a larger rate it overflows."""

import numpy as np

rng = np.random.default_rng(1)
x = rng.standard_normal((1000, 10))
y = x @ rng.integers(0, 20, (10, 2))
w1 = rng.standard_normal((10, 1))
w2 = rng.standard_normal((1, 2))

for step in range(700):
    h = x @ w1
    error = h @ w2 - y
    loss = np.sum(error**2)
    d_w2 = h.T @ (2 * error)
    d_w1 = x.T @ (2 * error @ w2.T)
    w1 -= 1e-5 * d_w1
    w2 -= 1e-5 * d_w2

print(loss)
