"""Two updates, and only one of them counts. Find it."""

import torch

t_y = torch.tensor([0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0])
t_x = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
t_xn = 0.1 * t_x
params = torch.tensor([1.0, 0.0], requires_grad=True)
rate = 1e-2
optimizer = torch.optim.SGD([params], lr=rate)

for step in range(200):
    loss = ((params[0] * t_xn + params[1] - t_y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    params = (params - rate * params.grad).detach().requires_grad_()

print(loss.item(), params.tolist())
