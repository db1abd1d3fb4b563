"""Gradients add up until they are zeroed."""

import torch

x = torch.tensor(1.0, requires_grad=True)

y = x * x
y.backward()
print(x.grad.item())

y = x * x
y.backward()
print(x.grad.item())

x.grad.zero_()
print(x.grad.item())
