"""Adam instead of plain descent."""

import torch

t_y = torch.tensor([0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0])
t_x = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
t_xn = 0.1 * t_x
params = torch.tensor([1.0, 0.0], requires_grad=True)
optimizer = torch.optim.Adam([params], lr=1e-1)

for step in range(4000):
    w, b = params[0], params[1]
    loss = ((w * t_xn + b - t_y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(loss.item(), params.tolist())
