"""Ten inputs, two outputs, in NumPy alone: the gradient by hand."""

import numpy as np

rng = np.random.default_rng(1)
x = rng.standard_normal((1000, 10))
W = rng.integers(0, 20, (10, 2)).astype(float)
y = x @ W
w = rng.standard_normal((10, 2))

for step in range(750):
    error = x @ w - y
    loss = np.sum(error**2)
    w -= 1e-5 * 2 * x.T @ error

print(loss, np.abs(w - W).max())
