import numpy as np


def grad_W(X, W, y, reg=0.0):
    z = X @ W
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    p[range(len(y)), y] -= 1
    return X.T @ p / len(X) + 2 * reg * W
