"""The base class of every method: its inputs, its training step, compiling and saving."""

import functools
import importlib
import os
import pathlib
import types
from collections.abc import Mapping
from typing import Any, Self

import keras
import tensorflow as tf

from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.engine import batches, compiling, replicas
from keras_genssl.engine.accumulation import accumulate
from keras_genssl.engine.arguments import config_of, made_from, named
from keras_genssl.engine.finite import finite_losses
from keras_genssl.engine.memory import Memory, remember
from keras_genssl.engine.onednn_hint import hint
from keras_genssl.engine.updates import counting, update, where
from keras_genssl.kinds import Kind, Serving
from keras_genssl.kinds.rules import in_plain_words


class Method(keras.Model):
    """Base class of methods with one optimizer; they train with Keras' own `fit`.

    A method holds built networks. It defines `inputs` (what a batch holds), `call` (what it computes) and
    `example_losses` (the loss of each example). The base class takes any batch that `data.load` or a user gives (see
    `batch`). It also corrects what stock Keras gets wrong when several workers train together: the reduction of the
    logs, state that is created inside `fit`, noise that repeats on every replica, and seeds that are missing from saved
    models.

    Two hooks are for anything else that a method does in training: the engine calls `after_update` when the optimizer
    has changed the weights, and `remember` to store what later losses need of a batch. A momentum method:

        def after_update(self):
            self.target.update()

    Args:
        name: The model's name.
    """

    train_function: Any  # Keras', made by `make_train_function`
    test_function: Any
    predict_function: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Stores the constructor's arguments for `get_config`."""
        method = super().__new__(cls, *args, **kwargs)
        vars(method)["_made"] = functools.partial(cls, *args, **kwargs)  # `vars`, because Keras tracks attributes
        return method

    def __init__(self, *, name: str | None = None) -> None:
        require_channels_last()
        # Networks cast their inputs themselves: a method that casts would round float32 images before that.
        super().__init__(name=name, autocast=False)
        self.settings = types.SimpleNamespace(metrics=[])  # Keras would track the contents of a dict
        self.built = True  # its networks are built already

    # What a method says of itself ---------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """The parts of a batch, name -> kind, in the order in which a tuple holds them.

        The engine checks and converts every batch by them. The first part is always needed, for prediction too; the
        others are needed to train if they are `required`. A subclass adds a part by
        `{**super().inputs(), "label": Label(10)}`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its batches hold")

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Splits a batch into the input of `call` and its target, `(x, y)`; by default `(batch, None)`."""
        return batch, None

    def matched(self, y: Any, y_pred: Any) -> Any:
        """Checks that `y` can be compared with the output, and returns it; by default without a check.

        A method that compares two tensors calls `engine.same_shape` here, because TensorFlow would broadcast different
        shapes. The loss and all metrics get the returned value.
        """
        return y

    def compared_images(self, x: Any, y: Any, y_pred: Any) -> tuple[Any, Any]:
        """The true images and those that the method made of them, before clipping; for methods that make images.

        Metrics of `compile` compare these, and `models.AdversarialTerm` has a discriminator tell them apart.

        Args:
            x, y: What `split_inputs` gives, y after `matched`.
            y_pred: The output of `call`.

        Returns:
            Two tensors `(batch, h, w, c)`, the first in [-1, 1].
        """
        raise NotImplementedError(f"{type(self).__name__} does not make images of others")

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The loss of each example, `(batch,)`; the engine takes the mean over the *global* batch.

        Call a Keras loss as `loss.call(y, y_pred)`. `loss(y, y_pred)` is refused: it is a scalar that Keras has
        already divided by the number of replicas.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it minimises")

    def after_update(self) -> None:
        """Runs after each update of the weights: moves a target network, an average or a codebook, for example.

        It takes effect exactly once per update. With `gradient_accumulation_steps=n` in the optimizer that is once in n
        batches; it has no effect if loss scaling or XLA skips the update. Only assignments to `keras.Variable`s are
        handled this way. `self.optimizer.iterations` is the number of updates, including this one.
        """

    def remember(self, x: Any, y: Any, y_pred: Any) -> None:
        """Stores what the losses of later updates need of this batch: keys in a queue, rows of a memory bank.

        It takes effect once for every batch that the optimizer takes. Assignments to the weights of an `engine.Memory`
        are seen by losses from the next update on, assignments to other `keras.Variable`s at once.

        Args:
            x, y: The arguments of `learn`.
            y_pred: The output of `call` before the update.
        """

    def penalized(self) -> list[keras.layers.Layer]:
        """The layers whose regularisation losses are added to the loss; by default all.

        A method that keeps a trained network as it is, and so leaves it out of `trainable_variables`, leaves it out
        here too.
        """
        return list(self.layers)

    def serving(self) -> dict[str, Serving]:
        """The functions of an exported model, by signature name; the first is the default."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it serves")

    # Compiling ----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: str | keras.optimizers.Optimizer = "adam",
        loss: None = None,
        *,
        metrics: list[keras.metrics.Metric] | None = None,
        jit_compile: bool | str = "auto",
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
    ) -> None:
        """Chooses the optimizer; the loss is the method's own.

        Args:
            optimizer: A Keras optimizer or its name, made in the scope of the model's strategy. If a network has the
                `mixed_float16` policy, it is wrapped in a `LossScaleOptimizer`.
            loss: Must be None: the loss is set in the method's constructor.
            metrics: `keras.metrics.Metric` objects, updated with the `y` of `split_inputs` and the method's output.
            jit_compile: Whether a step is compiled with XLA. `"auto"` means yes on one GPU or TPU, and no on CPU (no
                faster for most methods, and up to minutes to compile) or under MirroredStrategy (fails).
            run_eagerly: Runs each step op by op, for debugging.
            steps_per_execution: Steps per call of the compiled function.

        Raises:
            ValueError: If `loss` is given, or a network of the method is not built.
            TypeError: If `metrics` holds anything but `Metric` objects.
        """
        compiling.require_no_loss(self, loss)
        metrics = compiling.require_metrics(metrics)
        self.configure(jit_compile, run_eagerly, steps_per_execution)
        with self.distribute_strategy.scope():
            optimizer = compiling.scaling(self, keras.optimizers.get(optimizer))
            super().compile(
                optimizer=optimizer,
                jit_compile=self.jit_compile,
                run_eagerly=run_eagerly,
                steps_per_execution=steps_per_execution,
                auto_scale_loss=False,  # Keras looks at the policy of the method, not of its networks
            )
            accumulate(self.optimizer)
            self.optimizer.build(self.trainable_variables)
            for memory in self.memories():
                memory.wait(counting(self.optimizer).gradient_accumulation_steps)
        self.settings = types.SimpleNamespace(
            optimizer=optimizer,
            metrics=metrics,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )

    def memories(self) -> list[Memory]:
        """The layers that store vectors of batches for later losses."""
        return [layer for layer in self._flatten_layers(include_self=False) if isinstance(layer, Memory)]

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """All metrics: the trackers of losses, then the metrics of `compile`."""
        return super().metrics + self.settings.metrics

    def configure(self, jit_compile: bool | str, run_eagerly: bool, steps_per_execution: int) -> None:
        """The part of `compile` that does not depend on the number of optimizers."""
        compiling.require_built(self)
        for layer in self.layers:
            replicas.separate_noise(layer, kept=Method)
        self.jit_compile = compiling.uses_xla(self.distribute_strategy, jit_compile, run_eagerly)

    def get_compile_config(self) -> dict[str, Any]:
        """The arguments of `compile`, serialized."""
        return keras.saving.serialize_keras_object(vars(self.settings)) if self.compiled else {}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model as the saved one was, with the optimizers' state ready to load."""
        self.compile(**keras.saving.deserialize_keras_object(config))

    def make_train_function(self, force: bool = False) -> None:
        """Makes Keras' function, and has it raise `RuleError` if a rule of this library is broken."""
        if self.train_function is None or force:
            super().make_train_function(force)
            self.train_function = in_plain_words(self.train_function)

    def make_test_function(self, force: bool = False) -> None:
        if self.test_function is None or force:
            super().make_test_function(force)
            self.test_function = in_plain_words(self.test_function)

    def make_predict_function(self, force: bool = False) -> Any:
        if self.predict_function is None or force:
            super().make_predict_function(force)
            self.predict_function = in_plain_words(self.predict_function)
        return self.predict_function

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Does nothing, since all networks are built. Keras would look at a batch, and fail on a dict of replicas."""

    @functools.wraps(keras.Model.fit, assigned=())
    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Trains as Keras' `fit` does, with the same arguments.

        For a dataset, `shuffle` is False by default: Keras shuffles only arrays, and would otherwise warn.
        """
        hint()
        arguments = named(keras.Model.fit, *args, **kwargs)
        if isinstance(arguments.get("x"), _ORDERED):
            arguments.setdefault("shuffle", False)
        return super().fit(**arguments)

    # A step -------------------------------------------------------------------------------------

    def batch(self, data: Any, training: bool = True) -> dict[str, Any]:
        """Checks a batch and converts it to a dict by the kinds of `inputs`, such as images to float32 in [-1, 1].

        Args:
            data: A tensor (the first input), a tuple (the inputs in order) or a dict with the inputs as keys. Other
                keys of a dict are kept unchanged.
            training: Whether every required input must be present, or only the first.

        Returns:
            A dict of tensors.

        Raises:
            ValueError: If an input is missing, there is more than the inputs (sample weights), or an input has
                another shape or dtype than its kind, or another number of examples than the first.
            RuleError: A `ValueError`, and TensorFlow's `InvalidArgumentError` too: if a float image is outside [-1, 1],
                a label is outside its classes, or a replica gets no example. XLA drops such checks; there such an image
                becomes NaN and such a label -1.
        """
        method, inputs = type(self).__name__, self.inputs()
        first, *others = inputs
        required = [first, *(name for name in others if training and inputs[name].required)]
        return batches.checked(method, batches.by_name(method, data, list(inputs), required), inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Trains on one batch; returns the logs."""
        return self.learn(*self.split_inputs(self.batch(data)))[1]

    def learn(self, x: Any, y: Any) -> tuple[Any, dict[str, Any]]:
        """Trains on one batch given as x and y, for a `train_step` that makes these itself or needs the output.

        With `gradient_accumulation_steps=n` in the optimizer, n calls make one update.

        Returns:
            The output of `call` for x before the update, and the logs.

        Raises:
            InvalidArgumentError: When run, if a loss or a gradient is not finite; no weight is changed. XLA drops the
                check; there no weight is changed either, and the loss is logged.
        """
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            y = self.matched(y, y_pred)
            (losses,) = finite_losses([self.example_losses(x, y, y_pred)], type(self).__name__)
            penalty = regularization(self.penalized())
            scaled = self.optimizer.scale_loss(replicas.share_of_mean(losses) + penalty / replicas.count())
        variables = self.trainable_variables
        gradients = tape.gradient(scaled, variables)
        step = update(type(self).__name__, self.optimizer, gradients, variables, losses, self.jit_compile)
        remember(step, self.memories(), lambda: self.remember(x, y, y_pred))
        where(step.moved, self.after_update)
        self._track_loss(losses, penalty)
        return y_pred, self.logs(self.compute_metrics(x, y, y_pred))

    def test_step(self, data: Any) -> dict[str, Any]:
        """Evaluates one batch; returns the logs."""
        x, y = self.split_inputs(self.batch(data))
        y_pred = self(x, training=False)
        y = self.matched(y, y_pred)
        (losses,) = finite_losses([self.example_losses(x, y, y_pred)], type(self).__name__)
        self._track_loss(losses, regularization(self.penalized()))
        return self.logs(self.compute_metrics(x, y, y_pred))

    def _track_loss(self, losses: Any, penalty: Any) -> None:
        self._loss_tracker.update_state(keras.ops.mean(losses) + penalty, sample_weight=keras.ops.shape(losses)[0])

    def predict_step(self, data: Any) -> Any:
        """The method's output for a batch of inputs."""
        return self(self.split_inputs(self.batch(data, training=False))[0], training=False)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics of `compile` and returns the values of all metrics."""
        for metric in self.settings.metrics:
            metric.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def logs(self, values: dict[str, Any]) -> dict[str, Any]:
        """The logs in the shape that Keras expects: with several workers it takes the mean over axis 0."""
        if isinstance(self.distribute_strategy, tf.distribute.MultiWorkerMirroredStrategy):
            return {key: keras.ops.reshape(value, (1,)) for key, value in values.items()}
        return values

    # Saving -------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, serialized, with its defaults for those not given."""
        return config_of(self._made, self.name)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a method from the arguments of `get_config`."""
        return made_from(cls, config)

    def save(self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None) -> None:
        """Saves networks, optimizers, seeds and settings as a `.keras` file, for `keras.saving.load_model`.

        Raises:
            ValueError: If the file name is one of HDF5, which does not store all that is needed to load a method.
        """
        if str(filepath).endswith((".h5", ".hdf5")):
            raise ValueError(
                "`filepath` must end in .keras: HDF5 keeps neither a method's registered name nor its seeds. Received: "
                f"filepath={str(filepath)!r} (`save_weights` takes a name in .weights.h5)"
            )
        super().save(filepath, overwrite=overwrite, zipped=zipped)

    def export(
        self,
        filepath: str | os.PathLike[str],
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        *,
        signatures: Mapping[str, Serving] | None = None,
    ) -> pathlib.Path:
        """Exports the functions of `serving` as a SavedModel; see `keras_genssl.export.saved_model`.

        Args:
            filepath: The directory to make.
            format: Must be "tf_saved_model".
            verbose: Whether to print the path.
            signatures: Name -> `Serving`; replaces `serving`.

        Returns:
            The path.

        Raises:
            ValueError: If `format` is another, or as in `saved_model`.
            FileExistsError: If the file or directory exists.
        """
        if format != "tf_saved_model":
            raise ValueError(f"`format` must be 'tf_saved_model' for a method. Received: format={format!r}")
        # Imported by name, so that the cache key of a training does not depend on the code of the export.
        export = importlib.import_module("keras_genssl.export")
        path: pathlib.Path = export.saved_model(self, filepath, signatures=signatures)
        if verbose:
            print(f"Exported {type(self).__name__} to {path}")
        return path

    def save_own_variables(self, store: Any) -> None:
        """Stores the seeds of all layers too: Keras leaves them out, and a resumed training would differ."""
        super().save_own_variables(store)
        for owner, generators in replicas.seeds_by_owner(self).items():
            for number, generator in enumerate(generators):
                store[f"{_SEED}{owner}_{number}"] = keras.ops.convert_to_numpy(generator.state)

    def load_own_variables(self, store: Any) -> None:
        """Restores what `save_own_variables` stored.

        A method of the same architecture continues as the saved one would have. Weights also load if `views`, dropout
        or the like differ: an attribute with the same number of seeds as before gets them, any other keeps its own.
        """
        keys = list(store.keys())
        seeds = {key for key in keys if key.startswith(_SEED)}
        for owner, generators in replicas.seeds_by_owner(self).items():
            own = [f"{_SEED}{owner}_{number}" for number in range(len(generators))]
            if seeds.issuperset(own) and f"{_SEED}{owner}_{len(own)}" not in seeds:
                for key, generator in zip(own, generators, strict=True):
                    generator.state.assign(store[key][...])
        super().load_own_variables({key: store[key] for key in keys if key not in seeds})


def regularization(networks: list[keras.layers.Layer]) -> Any:
    """The sum of the networks' regularisation losses, float32."""
    terms = [keras.ops.cast(term, keras.config.floatx()) for network in networks for term in network.losses]
    return sum(terms, start=keras.ops.zeros((), keras.config.floatx()))


_SEED = "seed_"
_ORDERED = (tf.data.Dataset, tf.distribute.DistributedDataset, types.GeneratorType)
