"""The devices that this machine's PyTorch reports."""

from __future__ import annotations

from gradviz.core.questions.devices import Devices, ListDevices
from gradviz.engine.answers.answering import answers_at_once
from gradviz.engine.answers.moment import Moment
from gradviz.engine.devices import available_devices


@answers_at_once(ListDevices)
def devices(_question: ListDevices, moment: Moment) -> Devices:
    """The run's own, and all."""
    return Devices(str(moment.trainer.device), available_devices())
