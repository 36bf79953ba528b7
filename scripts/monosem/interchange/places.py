"""What other packages call our sites."""

from pathlib import Path
from typing import Any

from monosem.lm.sites import Site

HOOKS = {  # TransformerLens, which SAELens and Neuronpedia follow
    "mlp_post": "blocks.{layer}.mlp.hook_post",
    "mlp_out": "blocks.{layer}.hook_mlp_out",
    "resid_post": "blocks.{layer}.hook_resid_post",
}
MODULES = {"mlp_post": "h.{layer}.mlp.act", "mlp_out": "h.{layer}.mlp", "resid_post": "h.{layer}"}  # GPT2Model's


def place(names: dict[str, str], site: Site) -> str:
    if site.name not in names:
        raise ValueError(
            f"site {site.name}: other packages have no such place; export a dictionary of {', '.join(names)}"
        )
    return names[site.name].format(layer=site.layer)


def hook_name(site: Site) -> str:
    return place(HOOKS, site)


def module_name(site: Site) -> str:
    """The module of transformers' GPT2Model that puts the site's activations out."""
    return place(MODULES, site)


def check_hook(settings: dict[str, Any], site: Site, where: Path) -> None:
    """Raises ValueError when a SAELens dictionary reads other activations than the site's, as far as it says."""
    known = {hook_name(site)} | ({f"blocks.{site.layer + 1}.hook_resid_pre"} if site.name == "resid_post" else set())
    hook = settings.get("hook_name")
    if hook is not None and hook not in known:
        raise ValueError(f"{where}: reads {hook}, and the site is {hook_name(site)}; put its own site under `sites`")
    loaded = settings.get("model_from_pretrained_kwargs") or {}
    if loaded.get("center_writing_weights") and site.name != "mlp_post":
        raise ValueError(f"{where}: reads a model with center_writing_weights; models here are as they were trained")
