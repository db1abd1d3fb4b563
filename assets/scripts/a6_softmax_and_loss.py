"""Softmax with squared error by hand, and logits with cross entropy."""

import torch
import torch.nn.functional as F

torch.manual_seed(0)
x = torch.randn(3, 4)
labels = torch.tensor([0, 1, 1])
target = F.one_hot(labels, 2).float()
w = torch.randn(4, 2, requires_grad=True)
b = torch.zeros(2, requires_grad=True)

probs = torch.softmax(x @ w + b, dim=1)
loss = F.mse_loss(probs, target)
loss.backward()

with torch.no_grad():
    d_probs = 2 * (probs - target) / target.numel()
    d_logits = probs * (d_probs - (d_probs * probs).sum(1, keepdim=True))
    by_hand = x.T @ d_logits
print((w.grad - by_hand).abs().max().item() < 1e-6)

w.grad = None
b.grad = None
logits = x @ w + b
loss = F.cross_entropy(logits, labels)
loss.backward()
with torch.no_grad():
    by_hand = x.T @ (torch.softmax(logits, 1) - target) / len(x)
print((w.grad - by_hand).abs().max().item() < 1e-6)
print(loss.item())
