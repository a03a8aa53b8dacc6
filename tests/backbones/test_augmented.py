import keras
import numpy as np
import pytest

import keras_genssl as kg

SHAPE = (28, 28, 1)
IMAGES = np.random.default_rng(0).uniform(-1, 1, (4, *SHAPE)).astype("float32")


def test_it_judges_changed_images_in_training_and_shares_its_weights():
    plain = kg.backbones.dcgan_discriminator(SHAPE, 2, batch_norm=False)
    judge = kg.backbones.augmented(plain, kg.layers.DiffAugment(seed=1))
    again = kg.layers.DiffAugment(seed=1)
    np.testing.assert_array_equal(judge(IMAGES, training=False), plain(IMAGES, training=False))
    np.testing.assert_allclose(
        judge(IMAGES, training=True), plain(again(IMAGES, training=True), training=True), rtol=1e-6
    )
    assert all(one is other for one, other in zip(judge.trainable_weights, plain.trainable_weights, strict=True))
    assert judge.name == "augmented_dcgan_discriminator"
    assert kg.backbones.augmented(plain, kg.layers.DiffAugment(), name="judge").name == "judge"


def test_it_has_the_inputs_and_outputs_of_any_discriminator():
    joint = kg.backbones.augmented(kg.backbones.joint_discriminator(SHAPE, 3, 2, units=2), kg.layers.DiffAugment())
    assert [tuple(each.shape) for each in joint.inputs] == [(None, *SHAPE), (None, 3)]
    assert joint([IMAGES, np.zeros((4, 3), "float32")], training=True).shape == (4, 1)
    plain = kg.backbones.acgan_discriminator(SHAPE, 3, 2)
    logits, classes = kg.backbones.augmented(plain, kg.layers.DiffAugment())(IMAGES, training=True)
    assert (logits.shape, classes.shape) == ((4, 1), (4, 3))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"`discriminator` must take images .* which takes \(None, 4\)"):
        kg.backbones.augmented(kg.backbones.mlp_discriminator((4,), (2,)), kg.layers.DiffAugment())
    with pytest.raises(ValueError, match=r"`discriminator` must be a built"):
        kg.backbones.augmented(keras.Sequential([keras.layers.Dense(1)]), kg.layers.DiffAugment())
    with pytest.raises(ValueError, match=r"`augmentation` must give images of the shape"):
        kg.backbones.augmented(kg.backbones.dcgan_discriminator(SHAPE, 2), keras.layers.ZeroPadding2D())
