"""The line does not fit, and nothing fails. Find it."""

import torch

torch.manual_seed(0)
x = torch.rand(50, 1)
y = 3 * x.squeeze(1) + 0.8
model = torch.nn.Linear(1, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for step in range(100):
    prediction = model(x)
    loss = ((prediction - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(loss.item(), model.weight.item(), model.bias.item())
