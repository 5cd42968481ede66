import numpy as np


def softmax(z):
    z = z - np.max(z, axis=1, keepdims=True)
    exp = np.exp(z)
    return exp / np.sum(exp, axis=1, keepdims=True)


def backward(X, W, b, y):
    """Gradients of the mean cross-entropy of a batch."""
    N = X.shape[0]
    probs = softmax(X.dot(W) + b)
    dscores = probs.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    dW = X.T.dot(dscores)
    db = np.sum(dscores, axis=0)
    dX = dscores.dot(W.T)
    return dX, dW, db
