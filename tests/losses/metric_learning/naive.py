"""The losses as their papers write them, in loops over float64: slow, and hard to get wrong."""

import math

import numpy as np


def distances(embeddings, metric="L2"):
    def between(a, b):
        if metric == "angular":
            return 1 - a @ b / (math.sqrt(a @ a) * math.sqrt(b @ b))
        squared = float(((a - b) ** 2).sum())
        return squared if metric == "squared-L2" else math.sqrt(squared)

    return np.array([[between(a, b) for b in embeddings] for a in embeddings])


def positives(labels, i):
    return [j for j in range(len(labels)) if j != i and labels[j] == labels[i]]


def negatives(labels, i):
    return [j for j in range(len(labels)) if labels[j] != labels[i]]


def contrastive_batch_all(labels, embeddings, margin=1.0, metric="L2"):
    d = distances(embeddings, metric)
    pairs = [d[i, p] ** 2 for i in range(len(labels)) for p in positives(labels, i)]
    pairs += [max(0, margin - d[i, n]) ** 2 for i in range(len(labels)) for n in negatives(labels, i)]
    return np.mean(pairs)


def semi_hard_terms(labels, embeddings, margin=1.0, metric="L2"):
    """Of each anchor, the hinge of each of its positive pairs."""
    d = distances(embeddings, metric)
    terms = []
    for a in range(len(labels)):
        terms.append([])
        for p in positives(labels, a):
            beyond = [d[a, n] for n in negatives(labels, a) if d[a, n] > d[a, p]]
            negative = min(beyond) if beyond else max(d[a, n] for n in negatives(labels, a))
            terms[a].append(max(0, d[a, p] - negative + margin))
    return terms


def semi_hard(labels, embeddings, margin=1.0, metric="L2"):
    return np.mean([term for terms in semi_hard_terms(labels, embeddings, margin, metric) for term in terms])


def hard(labels, embeddings, margin=1.0, metric="L2", soft=False):
    d = distances(embeddings, metric)
    losses = []
    for a in range(len(labels)):
        farthest = max((d[a, p] for p in positives(labels, a)), default=0)
        gap = farthest - min(d[a, n] for n in negatives(labels, a))
        losses.append(math.log1p(math.exp(gap)) if soft else max(0, gap + margin))
    return np.mean(losses)


def all_triplets(labels, embeddings, margin=1.0, metric="L2"):
    d = distances(embeddings, metric)
    return [
        max(0, d[a, p] - d[a, n] + margin)
        for a in range(len(labels))
        for p in positives(labels, a)
        for n in negatives(labels, a)
    ]


def batch_all(labels, embeddings, margin=1.0, metric="L2"):
    active = [term for term in all_triplets(labels, embeddings, margin, metric) if term > 0]
    return np.mean(active) if active else 0.0


def npairs(labels, embeddings):
    s = embeddings @ embeddings.T
    losses = []
    for i in range(len(labels)):
        total = sum(math.exp(s[i, j]) for j in range(len(labels)) if j != i)
        own = [-math.log(math.exp(s[i, p]) / total) for p in positives(labels, i)]
        losses.append(np.mean(own) if own else 0.0)
    return np.mean(losses)


def lifted_struct(labels, embeddings, margin=1.0):
    d = distances(embeddings)
    terms = []
    for i in range(len(labels)):
        for j in positives(labels, i):
            pushes = [math.exp(margin - d[i, k]) for k in negatives(labels, i)]
            pushes += [math.exp(margin - d[j, k]) for k in negatives(labels, j)]
            terms.append(max(0, math.log(sum(pushes)) + d[i, j]) ** 2 / 2)
    return np.mean(terms)


def multi_similarity(labels, embeddings, alpha=2.0, beta=50.0, base=0.5, epsilon=0.1):
    s = 1 - distances(embeddings, "angular")
    losses = []
    for i in range(len(labels)):
        pull, push = positives(labels, i), negatives(labels, i)
        if epsilon is not None:
            least = min((s[i, p] for p in pull), default=math.inf)
            most = max((s[i, n] for n in push), default=-math.inf)
            pull = [p for p in pull if s[i, p] < most + epsilon]
            push = [n for n in push if s[i, n] > least - epsilon]
        pull = math.log(1 + sum(math.exp(-alpha * (s[i, p] - base)) for p in pull)) / alpha
        losses.append(pull + math.log(1 + sum(math.exp(beta * (s[i, n] - base)) for n in push)) / beta)
    return np.mean(losses)


def cosines(embeddings, weights):
    return np.array([[e @ w / math.sqrt((e @ e) * (w @ w)) for w in weights] for e in embeddings])


def proxy_anchor(labels, embeddings, proxies, margin=0.1, alpha=32.0):
    s = cosines(embeddings, proxies)
    present = sorted(set(labels))
    pull = push = 0.0
    for c in range(len(proxies)):
        own = [math.exp(-alpha * (s[i, c] - margin)) for i in range(len(labels)) if labels[i] == c]
        rest = [math.exp(alpha * (s[i, c] + margin)) for i in range(len(labels)) if labels[i] != c]
        pull += math.log(1 + sum(own)) / len(present)
        push += math.log(1 + sum(rest)) / len(proxies)
    return pull + push


def arcface(labels, embeddings, centres, margin=0.5, scale=64.0):
    angles = np.arccos(cosines(embeddings, centres))
    losses = []
    for i, label in enumerate(labels):
        logits = scale * np.cos(angles[i])
        if angles[i, label] + margin < math.pi:
            logits[label] = scale * math.cos(angles[i, label] + margin)
        else:
            logits[label] = scale * (math.cos(angles[i, label]) - margin * math.sin(margin))
        losses.append(-logits[label] + logits.max() + math.log(np.exp(logits - logits.max()).sum()))
    return np.mean(losses)


def softmax(labels, embeddings, kernel):
    losses = []
    for i, label in enumerate(labels):
        logits = [sum(embeddings[i, d] * kernel[d, c] for d in range(len(kernel))) for c in range(kernel.shape[1])]
        losses.append(math.log(sum(map(math.exp, logits))) - logits[label])
    return np.mean(losses)
