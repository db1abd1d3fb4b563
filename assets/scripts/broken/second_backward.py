"""It fails at its second pass. Find it."""

import torch

x = torch.linspace(0, 1, 10)
w = torch.tensor(1.0, requires_grad=True)
loss = ((w * x - 3 * x) ** 2).mean()

for step in range(10):
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
    w.grad.zero_()

print(w.item())
