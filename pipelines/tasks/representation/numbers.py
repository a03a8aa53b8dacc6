"""The numbers of representation: how good frozen vectors are, compared with vectors that need no learning."""

from pipelines.recipe.numbers import Baseline, Number, Numbers, difference

RANDOM = Baseline("random", "random encoder")
BASELINES = (Baseline("pixels", "raw pixels"), Baseline("pca", "PCA-{components}"), RANDOM)
ALL_CLASSES = (
    Number(name="knn", heading="kNN", better="higher", format=".1%", tile=True),
    Number(name="linear", heading="linear", better="higher", format=".1%", tile=True),
    Number(name="few_label", heading="{labels_per_class} labels a class", better="higher", format=".1%", tile=True),
    Number(name="recall_at_1", heading="Recall@1", better="higher", format=".1%"),
    Number(name="nmi", heading="k-means NMI", better="higher"),
)
UNSEEN_CLASSES = (
    Number(name="unseen_recall_at_1", heading="Recall@1, unseen classes", better="higher", format=".1%", tile=True),
    Number(name="unseen_roc_auc", heading="verification AUC, unseen", better="higher"),
    Number(name="unseen_one_shot", heading="one-shot accuracy, unseen", better="higher", format=".1%", tile=True),
    Number(name="seen_recall_at_1", heading="Recall@1, trained classes", better="higher", format=".1%"),
)
PAIRS = (Number(name="pair_roc_auc", heading="verification AUC", better="higher", tile=True),)
_MEASURED = (*ALL_CLASSES, *UNSEEN_CLASSES, *PAIRS)
NUMBERS = Numbers(
    (
        *_MEASURED,
        *(
            difference(number, baseline, tile=number.tile and baseline is RANDOM)
            for number in _MEASURED
            for baseline in BASELINES
        ),
    ),
    BASELINES,
    headline=("few_label", "knn", "unseen_recall_at_1", "recall_at_1", "pair_roc_auc"),
)
