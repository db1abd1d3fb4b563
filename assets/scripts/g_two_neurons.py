"""Two neurons learn a parabola: one hidden layer, absolute errors."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(0, 1, 10).unsqueeze(1)
y = x**2 - 0.5 * x + 1.5625

net = nn.Sequential(nn.Linear(1, 2), nn.Sigmoid(), nn.Linear(2, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)

losses = []
for step in range(100000):
    loss = (net(x) - y).abs().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())

with torch.no_grad():
    z = net(x)
print(losses[0], losses[-1], len(losses))
