import numpy as np


def softmax_loss(X, W, b, y, reg=0.0):
    """Loss and gradients of a softmax classifier with an L2 penalty on the weights."""
    N = X.shape[0]
    scores = X.dot(W) + b
    scores -= scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).sum() / N + 0.5 * reg * np.sum(W * W)

    p[np.arange(N), y] -= 1
    p /= N
    dW = X.T.dot(p) + reg * W
    db = p.sum(axis=1)
    return loss, dW, db
