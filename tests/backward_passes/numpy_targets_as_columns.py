import numpy as np


def softmax_loss(X, W, b, y):
    z = X @ W + b
    z -= z.max(axis=1, keepdims=True)
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    scores = p.copy()
    scores[:, y] -= 1
    dW = X.T @ scores / len(X)
    db = scores.sum(axis=0) / len(X)
    return dW, db
