"""One worker of a data-parallel training: python train.py --steps 50 --batch 128 --report report.json

Who the other workers are stands in TF_CONFIG, a JSON text in the environment; without it the worker is alone. All
workers hold the same weights. In each step every worker takes its own part of the batch, the gradients of all are
added up, and all make the same update. Worker 0, the chief, also writes the backups and the report.

The exit codes stand in together.py.
"""

import argparse
import faulthandler
import json
import os
import statistics
import time
from pathlib import Path

from together import LOST, PORT_TAKEN, WAITED, WRONG_OPTIONS, Watch, leave, roll_call, say

GONE = ("UnavailableError", "AbortedError", "CancelledError", "DeadlineExceededError")  # what TensorFlow raises then


def read_options():
    """Read the command line."""
    parser = argparse.ArgumentParser(description="One worker of a data-parallel training; TF_CONFIG names the others.")
    parser.add_argument("--steps", type=int, default=50, help="steps in all, those before a restart included")
    parser.add_argument("--batch", type=int, default=128, help="pictures in a step, over all workers together")
    parser.add_argument("--seed", type=int, default=0, help="of the first weights and of the order of the pictures")
    parser.add_argument("--backup", help="folder for backups, one that all workers share")
    parser.add_argument("--backup-every", type=int, default=10, help="steps from one backup to the next")
    parser.add_argument("--report", help="JSON file for the measurements; the weights go beside it as .npz")
    parser.add_argument("--precision", choices=["float32", "float64"], default="float32", help="of all numbers")
    parser.add_argument("--threads", type=int, default=0, help="threads for the arithmetic, 0: one for each core")
    parser.add_argument("--limit", type=float, default=120, help="longest wait for another worker, in seconds")
    return parser.parse_args()


def network(keras):
    """The ten-line network of chapter 08. Its outputs are logits."""
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10)])


def places_of(step, batch, examples, seed):
    """Which pictures (batch,) belong to a step. All workers compute the same, so none has to tell the others."""
    import numpy as np

    epoch, place = divmod(step, examples // batch)
    return np.random.default_rng((seed, epoch)).permutation(examples)[place * batch:(place + 1) * batch]


def restore(backup, chief, model, together):
    """Go on from the last backup, if there is one; return the number of steps that are already done."""
    backup.set_model(model)
    for turn in (True, False):  # the chief first: it repairs a backup that was cut off in the middle
        if chief == turn:
            backup.on_train_begin()
        done = int(model.optimizer.iterations.numpy())
        mean = together(done)  # a number of every worker, so nobody passes before all have come
    if mean != done:
        leave(WRONG_OPTIONS, "stopped: the workers found different backups · give them one folder that all share")
    return done


def bytes_sent():
    """Bytes that this machine has sent to itself over the network so far; 0 where nobody counts them."""
    counter = Path("/sys/class/net/lo/statistics/tx_bytes")  # Linux
    return int(counter.read_text()) if counter.exists() else 0


def seconds(work):
    """Seconds that a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def typical(values):
    """The median without the first three values, in which TensorFlow still prepares itself; 0 if there are no others."""
    return statistics.median(values[3:]) if len(values) > 3 else 0


def train(options, watch):
    """Train from the last backup, or from the start, to the last step; the chief writes the report."""
    import tensorflow as tf

    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    faulthandler.dump_traceback_later(options.limit, exit=True)  # Python stands still while the strategy is made
    strategy = tf.distribute.MultiWorkerMirroredStrategy()
    faulthandler.cancel_dump_traceback_later()
    watch.wait_for("the network to be built")
    import keras
    import numpy as np

    from cnnlib import data

    replicas, chief = strategy.num_replicas_in_sync, not strategy.cluster_resolver.task_id
    if options.batch % replicas:
        leave(WRONG_OPTIONS, f"stopped: --batch {options.batch} cannot be cut into {replicas} equal parts · "
                             f"take a multiple of {replicas}")
    (x, y), _ = data.load_mnist()
    keras.config.set_floatx(options.precision)
    keras.utils.set_random_seed(options.seed)
    with strategy.scope():  # what is made in here is kept equal on all workers
        model = network(keras)
        model.compile(keras.optimizers.SGD(0.05, momentum=0.9))
        model.optimizer.build(model.trainable_variables)
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")

    def gradients(pictures, labels):
        """This part's share of the batch's mean loss, and the gradients."""
        with tf.GradientTape() as tape:
            scaled = tf.cast(pictures, options.precision)[..., None] / 255
            logits = model(scaled, training=True)
            loss = loss_of(labels, logits) / options.batch  # of the whole batch
        return loss, tape.gradient(loss, model.trainable_variables)

    def update(pictures, labels):
        loss, part = gradients(pictures, labels)
        # adds up the parts of all workers, then makes the update
        model.optimizer.apply(part, model.trainable_variables)
        return loss

    @tf.function
    def train_step(*part):
        losses = strategy.run(update, args=part)
        return strategy.reduce("sum", losses, axis=None)

    @tf.function
    def own_part_only(*part):  # the arithmetic without the others, to be timed
        return strategy.run(gradients, args=part)

    @tf.function
    def mean_of_all(number):
        return strategy.reduce("mean", strategy.run(lambda: number), axis=None)

    def part_of(step):
        """This worker's part of a step: pictures and labels, one piece for each of its devices."""
        pieces = places_of(step, options.batch, len(x), options.seed).reshape(replicas, -1)

        def cut(array):
            return strategy.experimental_distribute_values_from_function(
                lambda device: tf.constant(array[pieces[device.replica_id_in_sync_group]]))

        return cut(x), cut(y.astype("int32"))

    done, backup = 0, None
    if options.backup:
        backup = keras.callbacks.BackupAndRestore(options.backup, options.backup_every, double_checkpoint=True)
        done = restore(backup, chief, model, lambda number: float(mean_of_all(tf.constant(float(number)))))
    say(f"ready, {done} of {options.steps} steps done")

    own_part = part_of(done)
    own_times = [seconds(lambda: own_part_only(*own_part)) for _ in range(8 if options.report else 0)]
    times, sent, losses = [], [], []
    for step in range(done, options.steps):
        watch.wait_for(f"step {step + 1}, in which every worker takes part")
        part, before = part_of(step), bytes_sent()
        times.append(seconds(lambda part=part: losses.append(float(train_step(*part)))))
        sent.append(bytes_sent() - before)
        if backup and chief:
            backup.on_train_batch_end(step - done)
        say(f"step {step + 1}")
    if backup and chief:
        backup.on_train_end()  # all is done: this takes the backup away
    if options.report and chief:
        report = {
            "replicas": replicas, "batch": options.batch, "began_at": done, "losses": losses,
            "own_part_ms": 1000 * typical(own_times), "step_ms": 1000 * typical(times),
            "bytes_per_step": typical(sent),  # by all workers of this machine together
            "accelerators": len(tf.config.list_logical_devices("GPU")),
        }
        np.savez(Path(options.report).with_suffix(".npz"), *model.get_weights())
        Path(options.report).write_text(json.dumps(report), encoding="utf-8")
    say("done")


def main():
    """Answer the roll call, train, and turn each known way to fail into one line and one exit code."""
    options = read_options()
    watch = Watch(options.limit)
    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    try:
        if config:
            watch.wait_for("another worker to appear")
            roll_call(config["cluster"]["worker"], config["task"]["index"], 0.9 * options.limit)
        train(options, watch)
    except TimeoutError as error:
        leave(WAITED, f"gave up: {error}")
    except Exception as error:
        if "Address already in use" in str(error) or "Could not start gRPC server" in str(error):
            leave(PORT_TAKEN, "stopped: another program has taken this worker's port")
        if type(error).__name__ in GONE:
            leave(LOST, f"stopped: another worker was lost while this one waited for {watch.what}")
        raise


if __name__ == "__main__":
    main()
