"""The mean of a matrix, and what each entry has to do with it."""

import torch

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = 3 * y * y
out = z.mean()
print(z, out.item())

out.backward()
print(x.grad)
