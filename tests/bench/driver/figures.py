"""What rounds of runs say: medians with their spread, ratios round by round, goals."""

import statistics


def shown(value):
    """A number with three digits that count, as people write it."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def spread(values):
    """Median (least–most); a single value without a spread."""
    values = list(values)
    if len(set(values)) == 1:
        return shown(values[0])
    return f"{shown(statistics.median(values))} ({shown(min(values))}–{shown(max(values))})"


class Case:
    """One piece of work and those who did it by turns: rounds of figures, and what follows."""

    def __init__(self, name, unit="records/s", metric="rate"):
        self.name, self.unit, self.metric = name, unit, metric
        self.rounds = []
        self.measures = []
        self.notes = []

    def values(self, who, metric):
        """One a round; a round that has none is left out."""
        return [r[who][metric] for r in self.rounds if metric in r.get(who, {})]

    def names(self):
        return list(self.rounds[0]) if self.rounds else []

    def ratio(self, what, metric, who, of, least=None, most=None):
        """`who` divided by `of`, round by round: what else the machine does changes both."""
        self.measure(what, [r[who][metric] / r[of][metric] for r in self.rounds if r[of][metric]],
                     least, most)

    def measure(self, what, values, least=None, most=None):
        """Something to hold against a goal; the median decides."""
        values = list(values)
        if not values:
            return
        median = statistics.median(values)
        bound = least if least is not None else most
        goal = None if bound is None else f"{'≥' if least is not None else '≤'} {shown(bound)}"
        reached = None if bound is None else (median >= bound if least is not None
                                              else median <= bound)
        self.measures.append({"what": what, "median": median, "least": min(values),
                              "most": max(values), "values": values, "goal": goal,
                              "reached": reached})

    def json(self):
        return {"name": self.name, "unit": self.unit, "metric": self.metric,
                "rounds": self.rounds, "measures": self.measures, "notes": self.notes}

    @staticmethod
    def of(data):
        made = Case(data["name"], data["unit"], data["metric"])
        made.rounds, made.measures = data["rounds"], data["measures"]
        made.notes = data["notes"]
        return made
