"""The update by hand and by an optimizer: the same path, bit for bit."""

import torch


def himmelblau(xy):
    x, y = xy[0], xy[1]
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


by_hand = torch.tensor([0.0, 0.0], requires_grad=True)
by_optimizer = torch.tensor([0.0, 0.0], requires_grad=True)
optimizer = torch.optim.SGD([by_optimizer], lr=1e-3)

for step in range(200):
    himmelblau(by_hand).backward()
    with torch.no_grad():
        by_hand -= 1e-3 * by_hand.grad
    by_hand.grad.zero_()

    optimizer.zero_grad()
    himmelblau(by_optimizer).backward()
    optimizer.step()

print(torch.equal(by_hand, by_optimizer), by_hand.tolist())
