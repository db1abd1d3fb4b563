"""A fresh process that runs a script to chosen lines and asks PyTorch there; knows nothing of gradviz.

``python stepping_oracle.py SCRIPT N N ...``: before the Nth line of the script's own runs, every tensor and array of
the module and of the frame at work is printed as one JSON object: {N: {"module" or "frame": {name: facts}}}.
"""

import hashlib
import io
import json
import sys
import types


def facts(value):
    """What PyTorch says: shape, dtype, numbers (a digest of many), and autograd's words."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return {"shape": list(value.shape), "dtype": str(value.dtype), "numbers": numbers(value), "array": True}
    grad = value.grad if value.is_leaf or value.retains_grad else None
    return {
        "shape": list(value.shape),
        "dtype": str(value.dtype).removeprefix("torch."),
        "numbers": numbers(value.detach().numpy()),
        "requires_grad": value.requires_grad,
        "is_leaf": value.is_leaf,
        "grad_fn": None if value.grad_fn is None else value.grad_fn.name(),
        "grad": None if grad is None else numbers(grad.numpy()),
        "version": value._version,
    }


def numbers(array):
    """Exactly: hexadecimal floats, or a digest of the bytes."""
    if array.size > 100:
        return hashlib.blake2b(array.tobytes(), digest_size=8).hexdigest()
    return [float(one).hex() for one in array.reshape(-1)]


def operations(*namespaces):
    """The operations of every node that a tensor of these namespaces reaches; None where autograd refuses to tell."""
    torch = sys.modules.get("torch")
    tensors = (
        [value for names in namespaces for value in names.values() if isinstance(value, torch.Tensor)] if torch else []
    )
    try:
        stack = [tensor.grad_fn for tensor in tensors if tensor.grad_fn is not None]
    except RuntimeError:
        return None
    seen = set()
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [below for below, _ in node.next_functions if below is not None]
    return sorted(node.name().rsplit("::", 1)[-1] for node in seen)


def asked(names):
    """The tensors, arrays and parameters among some variables; what autograd refuses to tell is left out."""
    found = {}
    torch, np = sys.modules.get("torch"), sys.modules.get("numpy")
    kinds = tuple(kind for kind in (getattr(torch, "Tensor", None), getattr(np, "ndarray", None)) if kind)
    module = torch.nn.Module if hasattr(torch, "nn") else ()
    for name, value in list(names.items()):
        inside = [(name, value)]
        if isinstance(value, module) and name != "self":
            inside = [(f"{name}.{one}", tensor) for one, tensor in value.named_parameters()]
        for one, tensor in inside:
            if isinstance(tensor, kinds):
                try:
                    found[one] = facts(tensor)
                except RuntimeError:
                    found[one] = None
    return found


def main():
    """Run, ask, print; the script's own output is thrown away."""
    script, wanted = sys.argv[1], {int(one) for one in sys.argv[2].split(",")}
    answers, count = {}, 0
    passed_over = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}

    def on_line(frame, event, _argument):
        nonlocal count
        if event == "line":
            count += 1
            if count in wanted:
                trace = sys.gettrace()
                sys.settrace(None)
                own = {} if frame.f_locals is names else asked(frame.f_locals)
                ops = operations(names) if frame.f_locals is names else operations(names, frame.f_locals)
                answers[count] = {"module": asked(names), "frame": own, "ops": ops}
                sys.settrace(trace)
        return on_line

    def on_call(frame, _event, _argument):
        if frame.f_code.co_filename == script and frame.f_code.co_name not in passed_over:
            return on_line
        return None

    with open(script, "rb") as file:
        code = compile(file.read(), script, "exec", dont_inherit=True)
    module = types.ModuleType("__main__")
    names = module.__dict__
    sys.modules["__main__"] = module
    out, sys.stdout = sys.stdout, io.StringIO()
    sys.settrace(on_call)
    try:
        exec(code, names)
    finally:
        sys.settrace(None)
        print(json.dumps(answers), file=out)


main()
