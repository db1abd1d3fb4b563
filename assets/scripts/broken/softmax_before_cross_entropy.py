"""It learns slowly, and nothing fails. Find it."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(60, 2)
labels = (x[:, 0] > 0).long()
model = nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

for step in range(50):
    loss = nn.functional.cross_entropy(model(x), labels)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(loss.item())
