"""Lets overcomplete be imported: it needs torchvision for its image models alone, and PyPI's needs CUDA."""

import sys
from types import ModuleType

sys.modules["torchvision"] = ModuleType("torchvision")
sys.modules["torchvision"].transforms = None
