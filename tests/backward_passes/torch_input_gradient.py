import torch


class Linear(torch.nn.Module):
    def __init__(self, W, b):
        super().__init__()
        self.W, self.b = W, b

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.grad_W = self.x.T @ grad
        self.grad_b = grad.sum(0)
        return grad @ self.W


def backward(x, W, b, y):
    layer = Linear(W, b)
    probs = torch.softmax(layer(x), dim=1)
    grad = (probs - torch.nn.functional.one_hot(y, W.shape[1])) / len(x)
    grad_x = layer.backward(grad)
    return grad_x, layer.grad_W, layer.grad_b
