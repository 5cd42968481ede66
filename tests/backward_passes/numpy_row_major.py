import numpy as np


def softmax_jacobian_wrt_weights(x, W):
    """d softmax(x @ W)[t] / d W, one row per output, one column per weight."""
    s = np.exp(x @ W - np.max(x @ W))
    s = s / np.sum(s)
    n_in, n_out = W.shape
    D = np.zeros((n_out, n_in * n_out))
    for t in range(n_out):
        for j in range(n_in):
            for i in range(n_out):
                D[t, j * n_out + i] = s[t] * ((t == i) - s[i]) * x[j]
    return D
