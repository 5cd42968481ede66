"""Functions of tensors, with a stand-in for the part of torch that they are passed through."""

import sys
import types

import numpy as np
import people
import pytest

from softmax_cli import check_function


class Tensor:
    """An array that numpy's own functions do not take, as a tensor on another device is."""

    __array_ufunc__ = None

    def __init__(self, array, grad_of=None):
        self.array, self.dtype, self.ndim = np.asarray(array), f"torch.{np.asarray(array).dtype}", np.ndim(array)
        self.grad, self.requires_grad, self.backward_of = None, False, grad_of

    def requires_grad_(self):
        self.requires_grad = True
        return self

    def detach(self):
        return Tensor(self.array)

    def cpu(self):
        return self.array

    def backward(self, u=None):
        self.backward_of(None if u is None else u.array)

    def __array__(self, *_, **__):
        raise TypeError("can't convert a tensor that is not on the processor")


class Function:
    """What torch.autograd.Function does for functions of x, W and b."""

    @classmethod
    def apply(cls, *tensors):
        context = types.SimpleNamespace()

        def backward(u):
            for tensor, grad in zip(tensors, cls.backward(context, u), strict=True):
                tensor.grad = None if grad is None else Tensor(grad)

        return Tensor(cls.forward(context, *(t.array for t in tensors)), backward)


@pytest.fixture
def torch(monkeypatch):
    stand_in = types.ModuleType("torch")
    stand_in.from_numpy = stand_in.tensor = Tensor
    stand_in.autograd = types.SimpleNamespace(Function=Function)
    monkeypatch.setitem(sys.modules, "torch", stand_in)
    return stand_in


def test_a_function_of_tensors_is_given_tensors(torch):
    def f(x, W, b, y):
        return Tensor(people.mean_gradient(x.array, W.array, b.array, y.array))

    report = check_function(f)
    assert report
    assert report.called == "f(x, W, b, y) with tensors"


def test_a_function_of_arrays_is_given_arrays_though_torch_is_loaded(torch):
    report = check_function(people.mean_gradient)
    assert report
    assert report.called == "mean_gradient(x, W, b, y)"


def test_an_autograd_function_is_applied_and_its_backward_is_checked(torch):
    class Layer(Function):
        @staticmethod
        def forward(ctx, inputs, weight, bias):
            ctx.inputs, ctx.h = inputs, people.softmax(inputs @ weight + bias)
            return ctx.h

        @staticmethod
        def backward(ctx, u):
            dz = ctx.h * (u - (ctx.h * u).sum(axis=1, keepdims=True))
            return None, ctx.inputs.T @ dz, None

    class Doubled(Layer):
        @staticmethod
        def backward(ctx, u):
            return None, 2 * Layer.backward(ctx, u)[1], None

    report = check_function(Layer)
    assert report, str(report)
    assert report.called == "Layer.apply(x, W, b) with tensors"
    assert {f.kind.title for f in check_function(Doubled).findings if not f.agrees} == {"dE/dW"}
