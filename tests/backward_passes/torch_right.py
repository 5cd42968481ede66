import torch


class SoftmaxLayer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias):
        h = torch.softmax(x @ weight.t() + bias, dim=-1)
        ctx.save_for_backward(x, weight, h)
        return h

    @staticmethod
    def backward(ctx, grad_output):
        x, weight, h = ctx.saved_tensors
        dz = h * (grad_output - (h * grad_output).sum(dim=-1, keepdim=True))
        return dz @ weight, dz.t() @ x, dz.sum(dim=0)
