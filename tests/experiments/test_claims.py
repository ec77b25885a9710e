"""The claims of the decks: what each leaves behind, and the page and table of all."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments import run

PNG = b"\x89PNG\r\n"


@pytest.mark.parametrize("name", run.CLAIMS)
def test_a_claim_leaves_a_full_result_a_small_figure_and_its_verdict_in_words(name):
    folder = run.HERE / name
    result = json.loads((folder / "result.json").read_text())
    assert set(result) == {
        "claim", "source", "verdict", "because", "seeds", "core_minutes", "machine", "quick", "numbers"
    }  # fmt: skip
    assert result["verdict"] in ("yes", "partly", "no")
    assert not result["quick"]
    assert result["seeds"] >= 1
    assert "jax" in result["machine"]
    assert re.search(r"\b00[0-4]\b", result["source"])  # the deck
    figure = (folder / "figure.png").read_bytes()
    assert figure.startswith(PNG)
    assert len(figure) < 200_000
    readme = (folder / "README.md").read_text()
    assert f"python -m experiments.{name}" in readme
    assert re.search(rf"\*\*Verdict: {result['verdict']}\b", readme)


def test_the_table_is_that_of_the_results():
    assert (run.HERE / "README.md").read_text().endswith(run.table(run.found(run.HERE)))


class Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.addresses, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for key, value in attrs if key in ("src", "href", "data")]


def test_the_page_needs_nothing_but_itself():
    result = {
        "claim": "a < b & <script>", "source": "s", "verdict": "no", "because": "</p><b>", "seeds": 2,
        "core_minutes": 1.5, "machine": "m", "numbers": {"x": "</pre>"},
    }  # fmt: skip
    page = run.page({"equilibrium": (result, PNG), "moving_plans": ({**result, "seeds": 1}, PNG)})
    seen = Seen()
    seen.feed(page)
    assert sorted({address.split(",")[0] for address in seen.addresses}) == [
        "#equilibrium", "#moving_plans", "data:image/png;base64"
    ]  # fmt: skip
    assert seen.tags.count("img") == 2
    assert "script" not in seen.tags
    assert "2 seeds, 1.5 minutes of one core" in page
    assert "1 seed, " in page


def test_an_unknown_claim_ends_with_the_nearest(capsys):
    with pytest.raises(run.UserError, match="moving_plans"):
        run.main(["run", "moving_plan"])


def test_every_claim_has_a_folder_and_every_folder_of_a_claim_a_name():
    """Claim is used by the experiments that run.py knows, and by no other."""
    using = {path.parent.name for path in Path(run.HERE).glob("*/__main__.py") if "Claim(__file__" in path.read_text()}
    assert using == set(run.CLAIMS)
