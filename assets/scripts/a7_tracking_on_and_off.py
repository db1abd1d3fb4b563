"""Where a graph begins, where it stops, and where it is cut."""

import torch

torch.manual_seed(0)
a = torch.randn(2, 2)
a = (a * 3) / (a - 1)
print(a.requires_grad)

a.requires_grad_(True)
b = (a * a).sum()
print(b.grad_fn)

with torch.no_grad():
    c = (a * a).sum()
print(c.requires_grad, c.grad_fn)

d = a.detach()
print(d.requires_grad, d.data_ptr() == a.data_ptr())
print(b.item() == c.item())
