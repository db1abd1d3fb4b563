"""It overflows within a few passes. Find it."""

import torch

t_y = torch.tensor([0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0])
t_x = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
t_xn = 0.1 * t_x
params = torch.tensor([1.0, 0.0], requires_grad=True)

for step in range(100):
    if params.grad is not None:
        params.grad.zero_()
    loss = ((params[0] * t_x + params[1] - t_y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        params -= 1e-2 * params.grad

print(loss.item(), params.tolist())
