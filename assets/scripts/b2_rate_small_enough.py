"""A rate small enough for inputs of this scale."""

import torch

t_y = torch.tensor([0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0])
t_x = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
w = torch.ones(())
b = torch.zeros(())
rate = 1e-4

for step in range(2):
    t_p = w * t_x + b
    loss = ((t_p - t_y) ** 2).mean()
    d_p = 2 * (t_p - t_y) / len(t_y)
    w = w - rate * (d_p * t_x).sum()
    b = b - rate * d_p.sum()
    if step < 2:
        print(step, loss.item())

print(loss.item(), w.item(), b.item())
