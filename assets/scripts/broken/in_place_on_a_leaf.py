"""It fails at its first update. Find it."""

import torch

a = torch.tensor(3.0, requires_grad=True)
loss = (a - 1) ** 2
loss.backward()
a -= 0.1 * a.grad
print(a.item())
