"""One layer never learns. Find it."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(30, 3)
y = x.sum(1, keepdim=True)
first = nn.Linear(3, 4)
second = nn.Linear(4, 1)
optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.05)

for step in range(50):
    with torch.no_grad():
        h = torch.relu(first(x))
    loss = nn.functional.mse_loss(second(h), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(loss.item())
