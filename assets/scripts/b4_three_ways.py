"""The same line by hand, by autograd, and by a module with an optimizer."""

import torch

torch.set_default_dtype(torch.float64)
t_y = torch.tensor([0.5, 14.0, 15.0, 28.0, 11.0, 8.0, 3.0, -4.0, 6.0, 13.0, 21.0])
t_x = torch.tensor([35.7, 55.9, 58.2, 81.9, 56.3, 48.9, 33.9, 21.8, 48.4, 60.4, 68.4])
t_xn = 0.1 * t_x
rate, steps = 1e-2, 300

w, b = torch.ones(()), torch.zeros(())
for step in range(steps):
    d_p = 2 * (w * t_xn + b - t_y) / len(t_y)
    w, b = w - rate * (d_p * t_xn).sum(), b - rate * d_p.sum()

params = torch.tensor([1.0, 0.0], requires_grad=True)
for step in range(steps):
    if params.grad is not None:
        params.grad.zero_()
    loss = ((params[0] * t_xn + params[1] - t_y) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        params -= rate * params.grad

torch.manual_seed(0)  # its first weights are drawn, though they are replaced at once
model = torch.nn.Linear(1, 1)
with torch.no_grad():
    model.weight.fill_(1.0)
    model.bias.fill_(0.0)
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
for step in range(steps):
    loss = torch.nn.functional.mse_loss(model(t_xn.unsqueeze(1)), t_y.unsqueeze(1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print(w.item(), b.item())
print(params.tolist())
print(model.weight.item(), model.bias.item())
