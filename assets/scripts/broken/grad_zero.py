"""It fails at the second pass of the loop. Find it."""

import torch

params = torch.tensor([1.0, 0.0], requires_grad=True)

for step in range(100):
    if params.grad is not None:
        params.grad_zero()
    loss = ((params - torch.tensor([2.0, 3.0])) ** 2).sum()
    loss.backward()
    with torch.no_grad():
        params -= 0.1 * params.grad

print(params.tolist())
