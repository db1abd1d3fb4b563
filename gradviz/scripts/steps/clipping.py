"""Clipping by hand: the gradient of a rule made smaller, as torch.nn.utils does it."""

from __future__ import annotations

from dataclasses import replace

from gradviz.core.optimizers.clipping import SMALL, ClipByNorm, ClipByValue, Clipping
from gradviz.core.optimizers.update_rule import UpdateRule
from gradviz.scripts.language.dialects import Library


def with_clipping(rule: UpdateRule, clipping: Clipping) -> UpdateRule:
    """The rule with its gradient clipped first; `norm_lines` give what it needs of all parameters together."""
    if isinstance(clipping, ClipByValue):
        line = ("g", "clamp(g, -clip_value, clip_value)")
        return replace(rule, settings=rule.settings | clipping.keywords, lines=(line, *rule.lines))
    if isinstance(clipping, ClipByNorm):
        settings = rule.settings | {"max_norm": clipping.max_norm}
        return replace(rule, settings=settings, lines=(("g", "g*shrink"), *rule.lines), given=("norm", "shrink"))
    return rule


def norm_lines(clipping: Clipping, library: Library, gradients: str) -> list[str]:
    """The norm of all gradients of a step, and what each is multiplied by; nothing where no norm is asked for."""
    if not isinstance(clipping, ClipByNorm):
        return []
    if library.name == "tensorflow":
        return [f"norm = {_TENSORFLOW[clipping.norm_type].format(gradients)}", f"shrink = {_tensorflow_share()}"]
    module = library.prefix
    return [
        f"norm = {_ARRAYS[clipping.norm_type].format(module, gradients)}",
        f"shrink = min(1.0, max_norm / (norm + {SMALL!r}))",
    ]


def _tensorflow_share() -> str:
    return f"tf.minimum(max_norm / (norm + {SMALL!r}), 1.0)"


_ARRAYS = {
    "2": "{0}.sqrt(sum({0}.sum(g**2) for g in {1}))",
    "1": "sum({0}.sum({0}.abs(g)) for g in {1})",
    "inf": "max({0}.max({0}.abs(g)) for g in {1})",
}
_TENSORFLOW = {
    "2": "tf.sqrt(tf.add_n([tf.reduce_sum(g**2) for g in {0}]))",
    "1": "tf.add_n([tf.reduce_sum(tf.abs(g)) for g in {0}])",
    "inf": "tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(g)) for g in {0}]))",
}
