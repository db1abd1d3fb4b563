"""It trains, and runs ahead of itself. Find it."""

import torch

torch.manual_seed(0)
x = torch.rand(50, 1)
y = 3 * x + 0.8
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

for step in range(100):
    loss = ((model(x) - y) ** 2).mean()
    loss.backward()
    optimizer.step()

print(loss.item())
