"""Figures as lines, and medians of interleaved runs: what every benchmark shares."""
import statistics


def report(name, value, unit, limit=None, ratio=None):
    """`name value unit limit=… ratio=…`; a limit that is missed is marked, never hidden."""
    line = f"{name} {value:.4g} {unit}"
    if limit is not None:
        line += f" limit={limit}"
    if ratio is not None:
        line += f" ratio={ratio:.3f}"
    print(line, flush=True)


def interleaved(rounds, **runs):
    """Runs each function once a round, in turn; returns the samples by name."""
    samples = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            samples[name].append(run())
    return samples


def medians(samples):
    return {name: statistics.median(values) for name, values in samples.items()}


def ratio_of_pairs(samples, ours, theirs):
    """The median of ours/theirs, round by round: what both runs of a round suffer cancels out."""
    return statistics.median(a / b for a, b in zip(samples[ours], samples[theirs]))


def percentile(values, fraction):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * fraction))]
