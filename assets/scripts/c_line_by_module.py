"""y = 3x + 0.8 by a linear layer, with a progress line now and then."""

import torch
from torch import nn

torch.manual_seed(0)
x = torch.rand(50, 1)
y = 3 * x + 0.8

model = nn.Linear(1, 1)
criterion = nn.MSELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)

for epoch in range(30000):
    loss = criterion(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5000 == 0:
        print(f"{epoch:5d}  {loss.item():.6f}")

model.eval()
with torch.no_grad():
    prediction = model(x)
print(model.weight.item(), model.bias.item())
