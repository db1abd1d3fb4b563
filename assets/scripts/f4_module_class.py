"""The same as a module of one's own with two layers, trained by Adam."""

import torch
from torch import nn


class TwoLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(10, 5, bias=False)
        self.second = nn.Linear(5, 2, bias=False)

    def forward(self, x):
        h = self.first(x)
        return self.second(h)


torch.manual_seed(1)
x = torch.randn(1000, 10)
W = torch.randint(0, 20, (10, 2)).float()
y = x @ W

model = TwoLayers()
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for step in range(300):
    loss = ((model(x) - y) ** 2).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(loss.item())
