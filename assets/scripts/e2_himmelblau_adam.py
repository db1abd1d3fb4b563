"""Himmelblau's function by Adam from (0, 0)."""

import torch

xy = torch.tensor([0.0, 0.0], requires_grad=True)
optimizer = torch.optim.Adam([xy], lr=1e-3)

for step in range(4001):
    x, y = xy
    f = (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2
    optimizer.zero_grad()
    f.backward()
    optimizer.step()
    if step % 2000 == 0:
        print(step, f.item())

x, y = xy.tolist()
print(x, y, (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2)
