"""The chain rule, factor by factor."""

import torch

torch.manual_seed(0)
x1, w1, b1, w2, b2 = (torch.randn((), requires_grad=True) for _ in range(5))

y1 = w1 * x1 + b1
y2 = w2 * y1 + b2

(dy2_dy1,) = torch.autograd.grad(y2, y1, retain_graph=True)
(dy1_dw1,) = torch.autograd.grad(y1, w1, retain_graph=True)
(dy2_dw1,) = torch.autograd.grad(y2, w1)
print(dy2_dw1.item(), (dy2_dy1 * dy1_dw1).item())
