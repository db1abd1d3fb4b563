"""A chain of scalars: values forwards, derivatives backwards."""

import torch

a = torch.tensor(3.0, requires_grad=True)
b = torch.tensor(5.0, requires_grad=True)
c = torch.tensor(8.0, requires_grad=True)

u = b * c
v = a + u
j = 3 * v
print("u", u.item(), "v", v.item(), "j", j.item())

j.backward()
print("dj/da", a.grad.item(), "dj/db", b.grad.item(), "dj/dc", c.grad.item())
