"""`make requirements`: which requirements the tests prove and which are open, by area.

A requirement counts as proven when at least one test names its id; whether that test passes is
`make test`'s business. With area names as arguments the open ids are listed with their text.
"""

import sys

from tests.house.manifest import claimed, entries


def report(areas: list[str]) -> list[str]:
    """Return the lines of the table, and the open requirements of the areas that were asked for."""
    listed, places = entries(), claimed()
    order = list(dict.fromkeys(entry["id"].partition(".")[0] for entry in listed))
    lines = [f"{'area':<12} {'proven':>6} {'of':>4}  open"]
    proven_total = 0
    for area in order:
        ids = [entry["id"] for entry in listed if entry["id"].startswith(f"{area}.")]
        left = [name.partition(".")[2] for name in ids if name not in places]
        proven = len(ids) - len(left)
        proven_total += proven
        lines.append(f"{area:<12} {proven:>6} {len(ids):>4}  {' '.join(left)}")
    lines.append(f"{'all':<12} {proven_total:>6} {len(listed):>4}")
    for entry in listed:
        if entry["id"].partition(".")[0] in areas:
            lines += ["", f"{entry['id']}  {' '.join(entry['text'].split())}"]
            lines += [
                f"    proven by {place}" for place in places.get(entry["id"], ["nothing yet"])
            ]
    return lines


if __name__ == "__main__":
    sys.stdout.write("\n".join(report(sys.argv[1:])) + "\n")
