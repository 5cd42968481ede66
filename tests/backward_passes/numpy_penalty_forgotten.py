import numpy as np


def softmax_loss(W, X, y, reg):
    """Loss with an L2 penalty, and its gradient."""
    scores = X.dot(W)
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[range(len(y)), y])) + 0.5 * reg * (W**2).sum()
    p[range(len(y)), y] -= 1
    grad = X.T.dot(p) / len(y)
    return loss, grad
