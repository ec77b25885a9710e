"""The report in a browser: the slider moves the picture, curves answer, nothing is asked of anybody, nothing goes wrong."""

import base64
import io
import json
import math

import numpy as np
import pytest
import tiny
from PIL import Image

from ganjax import __main__ as verbs
from ganjax.monitor import pages, pictures
from ganjax.run import prepare
from ganjax.workdir import claim

pytestmark = pytest.mark.browser
STEPS, HOSTILE = [100, 200, 400], "</script><img src=x onerror=alert(1)>"


def picture(value):
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 16, 3), value, np.uint8)).save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def strip(name, steps=STEPS, first=0):
    shown = [picture(first + 40 * i) for i in range(len(steps))]
    return {"name": name, "steps": steps, "pictures": shown, "size": [16, 8], "found": len(steps), "shrunk": False}


def curve(values, spread=()):
    steps = [10 * (i + 1) for i in range(len(values))]
    return {"steps": steps, "minutes": [step / 20 for step in steps], "values": values, "spread": list(spread)}


def run(name="a run", **changed):
    losses = [math.exp(-i / 20) for i in range(50)]
    return {
        "name": name,
        "workdir": f"runs/{name}",
        "system": "dcgan",
        "status": {"state": "stopped", "step": 400, "steps": 500, "saved": 400, "quiet": 900.0},
        "warnings": ["the run has not finished"],
        "networks": [{"name": "gen", "kind": "mlp.Generator", "count": 12, "layers": [["Dense_0", "4", "kernel 3×4", 12]]}],
        "facts": [["step", "400 of 500"]],
        "curves": {
            "disc/loss": curve([*losses[:20], None, *losses[21:]], [0.1] * 50),
            "disc/score": curve([-0.5] * 50),
            "disc/penalty": curve([900.0] * 50),
            "gen/loss": curve(losses),
            "eval/fd": curve([3.0, 2.0]),
            "watch/disc/Conv_0/sigma0": curve([1.0, 2.0]),
        },
        "samples": [strip("ab"), strip("ba", first=5)],
        "measures": [],
        "config": {"system": "dcgan", "data.name": HOSTILE},
        "environment": {"python": "3"},
        "notes": [],
    } | changed  # fmt: skip


def told(*runs, **more):
    return {"title": HOSTILE, "made": "today", "version": "0", "runs": list(runs), "measures": [], **more}


@pytest.fixture
def shown(page, tmp_path):
    """Opens the page of what is told, as a user does: as a file."""

    def show(data):
        path = tmp_path / "report.html"
        path.write_text(pages.page(data["title"], data), encoding="utf-8")
        page.goto(path.as_uri())
        return page

    return show


def chart(page, title):
    return page.locator("figure.chart", has=page.get_by_text(title, exact=True))


def test_the_slider_moves_the_pictures(shown):
    page = shown(told(run()))
    slider, images = page.get_by_label("step of the samples"), page.locator(".pictures img")
    seen = [images.nth(i).get_attribute("src") for i in (0, 1)]
    assert (slider.input_value(), page.locator("output").first.inner_text()) == ("2", "step 400 (3 of 3)")
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth === 16)")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "step 200"
    assert images.first.get_attribute("alt") == "samples of a run, a → b at step 200"
    assert [images.nth(i).get_attribute("src") for i in (0, 1)] == [picture(40), picture(45)] != seen
    page.keyboard.press("Home")
    assert images.first.get_attribute("src") == picture(0)
    page.keyboard.press("End")
    assert [images.nth(i).get_attribute("src") for i in (0, 1)] == seen
    box = slider.bounding_box()
    page.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert images.first.get_attribute("src") == picture(0)


def test_a_run_from_its_folder(page, tmp_path):
    """What the verb writes is what the page reads."""
    workdir = tmp_path / "<b>run"
    claim(workdir, prepare(tiny.config("dcgan", tmp_path, steps=10)))
    lines = [{"step": step, "time": float(step), "disc/loss": 1 / step, "gen/loss": 1e9} for step in range(1, 10)]
    (workdir / "metrics.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines) + '{"step": 10, "ti')
    for step in (5, 9):
        pictures.save_png(workdir / f"samples/step_{step:08}.png", np.full((8, 8, 3), step, np.uint8))
    verbs.main(["report", f"--workdir={workdir}"])
    page.goto((workdir / "report.html").as_uri())
    assert page.locator("h1").inner_text() == "<b>run"
    before = page.locator(".pictures img").get_attribute("src")
    page.get_by_label("step of the samples").press("ArrowLeft")
    assert page.locator(".pictures img").get_attribute("src") != before
    assert page.locator(".state").inner_text() == "training"
    assert chart(page, "Discriminator").locator("path.line").count() == 1
    assert page.locator("details summary").first.inner_text() == "gen dcgan.Generator 6,600 parameters"
    assert "one line of the log is half written" in page.locator("footer").inner_text()


def test_playing_ends_at_the_last_step(shown):
    page = shown(told(run()))
    slider = page.get_by_label("step of the samples")
    page.get_by_label("play").click()
    assert slider.input_value() == "0"
    page.get_by_label("pause").wait_for()
    page.get_by_label("play").wait_for()
    assert slider.input_value() == "2"
    page.get_by_label("play").press("Enter")
    page.get_by_label("pause").press("Enter")
    assert slider.input_value() == "0"


def test_curves_show_values_and_have_gaps(shown):
    page = shown(told(run()))
    disc = chart(page, "Discriminator")
    lines = disc.locator("path.line")
    assert lines.count() == 2  # the penalty is of another size
    assert lines.first.get_attribute("d").count("M") == 2
    assert disc.locator("path.band").get_attribute("d").count("Z") == 2
    disc.locator("svg").hover()
    tip = disc.locator(".tip")
    assert tip.is_visible()
    assert "loss" in tip.inner_text()
    assert "± 0.1" in tip.inner_text()
    disc.locator("svg").focus()
    page.keyboard.press("ArrowRight")
    assert "step " in tip.inner_text()
    page.keyboard.press("Escape")
    assert tip.is_hidden()
    disc.get_by_role("button", name="penalty").click()
    assert lines.count() == 3


def test_curves_on_a_logarithmic_scale_smoothed_over_minutes(shown):
    page = shown(told(run()))
    disc = chart(page, "Discriminator")
    before = disc.locator("path.line").first.get_attribute("d")
    disc.get_by_label("log").check()
    on_log = disc.locator("path.line").first.get_attribute("d")
    assert on_log != before
    assert disc.get_by_text("what is not above 0 is not drawn").is_visible()
    page.get_by_label("smoothing", exact=True).fill("0.9")
    assert disc.locator("path.line:not(.raw)").first.get_attribute("d") != on_log
    page.get_by_label("horizontal axis").select_option("minutes")
    disc.locator("svg").hover()
    assert disc.locator(".tip").inner_text().startswith("minute ")


def test_a_click_on_a_curve_shows_the_samples_of_that_step(shown):
    page = shown(told(run()))
    svg = chart(page, "Generator").locator("svg")
    svg.click(position={"x": 100, "y": 50})
    assert page.locator(".pictures img").first.get_attribute("src") == picture(0)


def test_texts_of_a_run_are_texts(shown):
    page = shown(told(run(HOSTILE, warnings=[HOSTILE])))
    assert page.title() == HOSTILE
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img[src=x]").count() == 0
    assert page.locator(".warnings li").inner_text() == HOSTILE
    assert page.get_by_text(HOSTILE, exact=True).count() == 3  # and the setting


def test_a_script_that_came_in_all_the_same_would_not_run(shown, troubles):
    page = shown(told(run()))
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))"
    )
    page.evaluate("new Image().src = 'https://example.com/x.png'")
    page.wait_for_timeout(100)
    assert page.evaluate("window.ran") is None
    assert [line for line in troubles if "Content Security Policy" not in line] == ["asks https://example.com/x.png"]
    assert len(troubles) == 3  # and both were kept from happening
    troubles.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_it_is_readable_on_a_phone_and_in_the_dark(shown, scheme, width):
    page = shown(told(run("a_name_of_which_there_is_no_end_" * 4)))
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 700})
    page.locator("details").evaluate_all("(all) => all.forEach((each) => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shade = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
    assert (shade < 60) == (scheme == "dark")


def test_runs_over_each_other(shown):
    first, second = run("first", samples=[strip("", [100, 200])]), run("second", samples=[strip("", [150, 300])])
    del second["curves"]["gen/loss"]
    rows = [{"name": "first", "step": 4, "run": 0, "truncation": "", "values": [2.5]}]
    table = {"title": "fd: n_fake 9", "columns": ["fd"], "rows": rows, "found": 1, "marks": ["few"]}
    page = shown(told(first, second, differences=[["data.seed", ["0", ""]]], measures=[table]))
    assert chart(page, "disc/loss").locator("path.line").count() == 2
    assert chart(page, "gen/loss").locator("path.line").count() == 1
    page.get_by_role("button", name="first").click()
    assert chart(page, "disc/loss").locator("path.line").count() == 1
    page.get_by_label("step of the samples").fill("1")  # step 150
    alts = page.locator(".pictures img").evaluate_all("(all) => all.map((each) => each.alt)")
    assert alts == ["samples of first at step 100", "samples of second at step 150"]
    assert page.get_by_text("data.seed").is_visible()
    assert page.get_by_text("2.5").is_visible()


def test_a_run_that_has_just_begun(shown):
    page = shown(told(run(curves={}, samples=[], networks=[], warnings=[], environment={})))
    assert page.get_by_text("There is no sample picture yet.").is_visible()
    assert page.get_by_text("There is no line in the log yet.").is_visible()
    assert page.get_by_text("Nothing to warn of.").is_visible()


def test_a_long_run_answers_at_once(shown):
    rng = np.random.default_rng(0)
    many = {f"disc/m{i}": curve(rng.normal(size=1500).tolist()) for i in range(30)}
    page = shown(told(run(curves=many)))
    took = page.evaluate("(() => { const start = performance.now(); redraw(); return performance.now() - start; })()")
    assert took < 1000
    assert json.loads(page.locator("#data").inner_text())["version"] == "0"
