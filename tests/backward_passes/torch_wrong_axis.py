import torch.nn.functional as F


def backward(x, W, b, y):
    probs = F.softmax(x @ W + b, dim=0)
    delta = probs - F.one_hot(y, num_classes=W.shape[1])
    return x.t() @ delta / x.shape[0]
