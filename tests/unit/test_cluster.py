"""The scripts for several workers: the roll call, the launcher with make-believe workers, SLURM and Kubernetes. No TensorFlow."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest
import yaml

CLUSTER = Path(__file__).resolve().parents[2] / "notebooks" / "cluster"
sys.path.insert(0, str(CLUSTER))
import launch  # noqa: E402
import together  # noqa: E402
import train  # noqa: E402


def addresses(count):
    return [f"127.0.0.1:{port}" for port in launch.free_ports(count)]


# The roll call.


def called(workers, numbers, limit=5.0):
    """What the roll call gives to each of the workers `numbers`: None, or the error."""
    found = {}

    def answer(number):
        try:
            found[number] = together.roll_call(workers, number, limit)
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=answer, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    return found


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_roll_call_ends_when_all_are_there_in_any_order(order):
    workers = addresses(3)
    assert called(workers, order) == dict.fromkeys(order)
    socket.create_server(("", together.port_of(workers[0]))).close()  # the port is free for TensorFlow


def test_the_missing_are_named():
    workers = addresses(3)
    started = time.monotonic()
    found = called(workers, (0, 2), limit=1)
    assert time.monotonic() - started < 4
    assert str(found[0]) == f"waited 1 s, but worker 1 ({workers[1]}) did not appear"
    assert str(found[2]) == f"waited 1 s, but worker 0 ({workers[0]}) did not answer"


def test_a_stranger_at_the_door_is_not_a_worker():
    workers = addresses(2)

    def stranger():
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", together.port_of(workers[0]))) as line:
            line.sendall(b"GET /")
        socket.create_connection(("127.0.0.1", together.port_of(workers[0]))).close()

    thread = threading.Thread(target=stranger)
    thread.start()
    found = called(workers, (0,), limit=1)
    thread.join()
    assert "worker 1" in str(found[0])


def test_a_worker_alone_needs_no_roll_call():
    assert called(addresses(1), (0,)) == {0: None}


def test_a_port_that_is_taken_is_an_error_at_once():
    with socket.create_server(("", 0)) as door:
        workers = [f"127.0.0.1:{door.getsockname()[1]}", "127.0.0.1:1"]
        assert "in use" in str(called(workers, (0,))[0])


# All workers see the same order, and each picture once in an epoch.


def test_the_places_of_an_epoch_are_a_permutation_and_the_next_epoch_has_another():
    epochs = [[p for step in range(start, start + 5) for p in train.places_of(step, 20, 100, seed=3)] for start in (0, 5)]
    assert all(sorted(epoch) == list(range(100)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert list(train.places_of(7, 20, 100, 3)) == list(train.places_of(7, 20, 100, 3)) != list(train.places_of(7, 20, 100, 4))


# The launcher, with workers that do nothing but behave.

ACTOR = """
import json, os, signal, sys, time
me = json.loads(os.environ["TF_CONFIG"])["task"]["index"]
role, again = sys.argv[1 + me], sys.argv[-1]
first = not os.path.exists(again)
def say(text): print(text, flush=True)
say("ready, 0 of 9 steps done")
if role == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)
if role == "waits" or (role == "waits once" and first): time.sleep(60)
if role == "port once" and first:
    time.sleep(0.5); open(again, "w").close(); sys.exit(6)
if role == "crash" or (role == "crash once" and first):
    open(again, "w").close(); say("step 1"); time.sleep(0.5)
    print("ValueError: broken", file=sys.stderr); sys.exit(1)
if role == "misses":
    time.sleep(0.1); say("stopped: another worker was lost while this one waited for step 2"); sys.exit(4)
for step in range(1, 10):
    say(f"step {step}"); time.sleep(0.05)
say("done")
"""


@pytest.fixture
def stage(tmp_path, monkeypatch, capsys):
    """Run the launcher with actors; return (exit code, lines, seconds) and see that nobody is left."""
    script = tmp_path / "actor.py"
    script.write_text(ACTOR)
    monkeypatch.setattr(launch, "TRAIN", script)
    mark = f"CLUSTER_TEST_{os.getpid()}_{time.monotonic_ns()}"
    monkeypatch.setenv(mark, "1")

    def play(*roles, options=()):
        words = ["--workers", str(len(roles)), *options, "--", *roles, str(tmp_path / "again")]
        monkeypatch.setattr(sys, "argv", ["launch.py", *words])
        started = time.monotonic()
        code = launch.main()
        assert left_over(mark) == []
        return code, capsys.readouterr().out.split("\n")[:-1], time.monotonic() - started

    return play


def left_over(mark):
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and mark in process.environ() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.cmdline())
        except (psutil.Error, OSError):
            pass
    return found


def test_good_workers_end_well(stage):
    code, lines, _ = stage("good", "good", "good")
    assert code == 0 and lines[-1] == "done" and lines.count("step 9") == 1


def test_a_crash_ends_all_and_is_told(stage):
    code, lines, _ = stage("misses", "crash")
    assert code == 1 and lines[-1] == "worker 1 ended with exit code 1 after step 1: ValueError: broken"


def test_a_stubborn_worker_is_ended_the_hard_way(stage):
    code, _, seconds = stage("stubborn", "crash")
    assert code == 1 and seconds < 10


def test_all_start_again_after_a_loss(stage):
    code, lines, _ = stage("good", "crash once", options=["--restarts", "1"])
    assert code == 0 and "restart 1 of 1" in lines and lines[-1] == "done"


def test_restarts_come_to_an_end(stage):
    code, lines, _ = stage("waits", "crash", options=["--restarts", "1"])
    assert code == 1 and lines[-1].startswith("worker 1 ended") and lines.count("restart 1 of 1") == 1


def test_the_fire_drill_kills_at_its_step_and_only_once(stage):
    code, lines, _ = stage("waits", "good", options=["--kill", "1", "--at", "4"])
    assert code == 1 and re.search(r"worker 1 was killed by SIGKILL after step [4-6]$", lines[-1])
    code, lines, _ = stage("good", "good", options=["--kill", "1", "--at", "4", "--restarts", "1"])
    assert code == 0 and lines[-1] == "done"


def test_a_port_that_is_taken_meanwhile_is_replaced(stage):
    code, lines, _ = stage("waits once", "port once")
    assert code == 0 and lines[1] == "a port was taken in the meantime: trying others" and lines[-1] == "done"


def test_ports_differ_between_launchers():
    ports = [port for _ in range(20) for port in launch.free_ports(3)]
    assert all(1024 < port < 65536 for port in ports)
    assert len({*launch.free_ports(50)}) == 50


def test_workers_do_not_outlive_a_launcher_that_is_terminated(tmp_path):
    actor = tmp_path / "train.py"
    actor.write_text(ACTOR)
    for name in ("launch.py", "together.py"):
        shutil.copy(CLUSTER / name, tmp_path)
    mark = f"CLUSTER_TEST_{os.getpid()}_{time.monotonic_ns()}"
    command = [sys.executable, str(tmp_path / "launch.py"), "--", "waits", "waits", str(tmp_path / "again")]
    process = subprocess.Popen(command, env={**os.environ, mark: "1"}, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("ready")
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 1 and left_over(mark) == []


def test_a_worker_ends_itself_when_its_launcher_is_killed_or_when_it_waits_too_long(tmp_path):
    worker = tmp_path / "worker.py"
    worker.write_text(f"import sys, time\nsys.path.insert(0, {str(CLUSTER)!r})\nfrom together import Watch\n"
                      "watch = Watch(float(sys.argv[1]))\nwatch.wait_for('Godot')\ntime.sleep(60)")
    done = subprocess.run([sys.executable, str(worker), "0.3"], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout) == (together.WAITED, "gave up: waited more than 0.3 s for Godot\n")
    mark = f"CLUSTER_TEST_{os.getpid()}_{time.monotonic_ns()}"
    launcher = "import subprocess as s, sys, time\ns.Popen([sys.executable, *sys.argv[1:]])\nprint(flush=True)\ntime.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", launcher, str(worker), "60"], env={**os.environ, mark: "1"},
                               stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    time.sleep(1)
    process.kill()
    process.wait()
    end = time.monotonic() + 10
    while left_over(mark) and time.monotonic() < end:
        time.sleep(0.1)
    assert left_over(mark) == []


# SLURM and Kubernetes.


def executable(path, text):
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)


@pytest.fixture
def cluster(tmp_path):
    """A make-believe SLURM of four nodes, and a python that writes down how it was called."""
    nodes = 'printf "node%d\\n" 1 2 3 4'
    executable(tmp_path / "scontrol", f'if [ "$1" = show ]; then {nodes}; else echo "$@" >> "$CALLS/scontrol"; fi')
    executable(tmp_path / "srun", 'shift; for i in 0 1 2 3; do SLURM_NODEID=$i "$@" || exit $?; done')
    executable(tmp_path / "python", 'printf "%s\\n" "$TF_CONFIG" "$*" > "$CALLS/python$RANDOM$RANDOM"; exit "${ENDS_WITH:-0}"')
    calls = tmp_path / "calls"
    calls.mkdir()

    def run(script, **surroundings):
        env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "CALLS": str(calls), "SLURM_JOB_ID": "123",
               "SLURM_JOB_NODELIST": "node[1-4]", "SLURM_SUBMIT_DIR": "/course/ada", **surroundings}
        done = subprocess.run(["bash", *script], env=env, capture_output=True, text=True, timeout=30)
        texts = [path.read_text().split("\n") for path in calls.glob("python*")]
        return done, sorted(((json.loads(text[0]), text[1]) for text in texts), key=lambda c: c[0]["task"]["index"])

    run.calls = calls
    return run


def understood(arguments, monkeypatch):
    """The options, as train.py reads them."""
    script, *words = arguments.split()
    assert script == "train.py"
    monkeypatch.setattr(sys, "argv", [script, *words])
    return train.read_options()


def test_the_slurm_script_is_clean():
    script = str(CLUSTER / "slurm.sh")
    assert subprocess.run(["bash", "-n", script]).returncode == 0
    if shutil.which("shellcheck"):
        found = subprocess.run(["shellcheck", script], capture_output=True, text=True)
        assert found.returncode == 0, found.stdout
    directives = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)", Path(script).read_text(), re.MULTILINE))
    assert directives.keys() >= {"nodes", "ntasks-per-node", "time", "cpus-per-task", "output"}
    assert directives["ntasks-per-node"] == "1"


def test_slurm_tells_each_worker_who_it_is(cluster, monkeypatch):
    done, calls = cluster([str(CLUSTER / "slurm.sh")])
    assert done.returncode == 0, done.stderr
    assert [config for config, _ in calls] == [
        {"cluster": {"worker": [f"node{n}:20123" for n in (1, 2, 3, 4)]}, "task": {"type": "worker", "index": index}}
        for index in range(4)]
    options = understood(calls[0][1], monkeypatch)
    assert options.backup == "/course/ada/backup-123" and options.batch % 4 == 0
    assert not (cluster.calls / "scontrol").exists()


def test_slurm_starts_a_job_again_after_a_loss_but_not_for_ever(cluster):
    assert cluster([str(CLUSTER / "slurm.sh")], ENDS_WITH="4", SLURM_RESTART_COUNT="4")[0].returncode == 1
    assert (cluster.calls / "scontrol").read_text() == "requeue 123\n"
    assert cluster([str(CLUSTER / "slurm.sh")], ENDS_WITH="4", SLURM_RESTART_COUNT="5")[0].returncode == 1
    assert (cluster.calls / "scontrol").read_text() == "requeue 123\n"


@pytest.fixture
def kinds():
    parts = list(yaml.safe_load_all((CLUSTER / "kubernetes.yaml").read_text()))
    return {part["kind"]: part for part in parts}


def test_kubernetes_has_its_required_fields(kinds):
    service, job = kinds["Service"], kinds["Job"]
    assert (service["apiVersion"], job["apiVersion"]) == ("v1", "batch/v1")
    pod, name = job["spec"]["template"]["spec"], job["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None" and service["spec"]["publishNotReadyAddresses"] is True
    assert service["spec"]["selector"] == {"job-name": name}
    assert pod["subdomain"] == service["metadata"]["name"]
    assert job["spec"]["completionMode"] == "Indexed" and job["spec"]["completions"] == job["spec"]["parallelism"]
    assert pod["restartPolicy"] == "OnFailure" and job["spec"]["activeDeadlineSeconds"] > 0
    (container,) = pod["containers"]
    assert container["image"] and container["command"] == ["bash", "-c"]
    assert container["ports"][0]["containerPort"] == service["spec"]["ports"][0]["port"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert container["resources"]["limits"]["memory"]


def test_kubernetes_tells_each_worker_who_it_is(kinds, cluster, monkeypatch):
    job, service = kinds["Job"], kinds["Service"]["metadata"]["name"]
    container = job["spec"]["template"]["spec"]["containers"][0]
    count, port = job["spec"]["completions"], container["ports"][0]["containerPort"]
    for index in range(count):
        done, calls = cluster(["-c", *container["args"]], JOB_COMPLETION_INDEX=str(index))
        assert done.returncode == 0, done.stderr
    names = [f"{job['metadata']['name']}-{n}.{service}:{port}" for n in range(count)]
    assert [config for config, _ in calls] == [
        {"cluster": {"worker": names}, "task": {"type": "worker", "index": index}} for index in range(count)]
    options = understood(calls[0][1], monkeypatch)
    assert options.backup.startswith(container["volumeMounts"][0]["mountPath"] + "/") and options.batch % count == 0
