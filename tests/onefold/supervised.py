"""A program that supervises three small children: alpha, then beta and gamma together."""

import sys
from pathlib import Path

from onefold.children import Child, Task
from onefold.supervisor import Stage, Supervisor

folder = Path(sys.argv[1])


def child(name: str) -> Child:
    ready = folder / f"{name}.ready"
    return Child(
        name=name,
        title=name,
        argv=(sys.executable, str(Path(__file__).with_name("small_child.py")), str(folder), name),
        env={},
        log=folder / "logs" / f"{name}.log",
        prepare=lambda: ready.unlink(missing_ok=True),
        ready=lambda: None if ready.exists() else "its file is not there",
        ready_within=2,
        stop_within=30 if name == "gamma" else 1,
    )


def plan() -> list[Stage]:
    script = folder / "task.py"
    task = Task(name="task", title="The task", argv=(sys.executable, str(script)), env={}, log=folder / "task.log")
    return [(child("alpha"),), *([task] if script.exists() else []), (child("beta"), child("gamma"))]


def say(sentence: str) -> None:
    print(sentence, flush=True)


sys.exit(Supervisor(folder / "run", say).run(plan, lambda: say("everything is ready")))
