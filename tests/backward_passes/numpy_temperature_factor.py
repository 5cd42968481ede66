import numpy as np


class Softmax:
    def __init__(self, W, b, T):
        self.W, self.b, self.T = W, b, T

    def backward(self, x, y):
        z = (x @ self.W + self.b) / self.T
        h = np.exp(z - z.max(axis=1, keepdims=True))
        h /= h.sum(axis=1, keepdims=True)
        return {"dW": x.T @ (h - np.eye(h.shape[1])[y]) / len(x)}


def backward(x, W, b, y, T=1.0):
    return Softmax(W, b, T).backward(x, y)
