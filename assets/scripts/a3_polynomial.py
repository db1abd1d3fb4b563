"""The slope of a polynomial at a point, asked in two ways."""

import torch

x = torch.tensor(2.0, requires_grad=True)
y = x**2 + x**3 + 5
(slope,) = torch.autograd.grad(y, x)
print("by grad", slope.item())

y = x**2 + x**3 + 5
y.backward()
print("by backward", x.grad.item())
