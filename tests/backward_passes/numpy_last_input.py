import numpy as np


def softmax_loss_naive(W, X, y):
    """Loops, as they are written first."""
    dW = np.zeros_like(W)
    for i in range(X.shape[0]):
        scores = X[i].dot(W)
        p = np.exp(scores - scores.max())
        p /= p.sum()
        for k in range(W.shape[1]):
            dW[:, k] = (p[k] - (k == y[i])) * X[i]
    return dW / X.shape[0]
