"""Prints the engines and variants of this machine: `python -m lrn.engines`."""

from lrn.engines import choose, cuda, native

if native.available():
    for variant in native.variants():
        chosen = " (chosen)" if variant == native.NativeEngine().variant else ""
        fused = "fused multiply-add" if variant.fused else "separate multiply and add"
        print(f"native     {variant.name:<8} {variant.lanes:>2} networks at once, {fused}{chosen}")
else:
    print("native     not built: an installation from a clone, where there is a C++20 compiler, builds it")
try:
    import torch
except ImportError:
    print("reference  not available: torch is not installed (pip install 'lrn-claims[torch]')")
else:
    devices = ["cpu"] + ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available()
    missing = "no GPU that torch can use" if cuda.installed() else "cuda-core is not installed"
    print(f"cuda       {torch.cuda.get_device_name() if cuda.available() else f'not available: {missing}'}")
    print(f"reference  torch {torch.__version__} on {', '.join(devices)}")
try:
    print(f"auto       {choose().name}")
except ModuleNotFoundError as missing:
    print(f"auto       none: {missing}")
