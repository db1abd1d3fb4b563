"""A vector has no gradient of its own: it needs one from above."""

import torch

x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 2

try:
    y.backward()
except RuntimeError as error:
    print(error)

v = torch.tensor([0.1, 1.0, 0.0001])
y.backward(v)
print(x.grad)
