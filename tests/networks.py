"""What several tests ask of a torch network."""

from __future__ import annotations


def modules_of(net, kind):
    """Returns the modules of a kind (a class, or several joined by |) in a network, in their order."""
    return [module for module in net.modules() if isinstance(module, kind)]


def count_parameters(net):
    """Returns how many numbers a network learns."""
    return sum(parameter.numel() for parameter in net.parameters())
