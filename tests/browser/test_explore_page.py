"""The page of ``explore`` in a browser: what is moved, chosen, written, pinned and dropped is seen; nothing goes wrong."""

import io
import threading

import numpy as np
import pytest
import tiny
from PIL import Image

from ganjax import config as configs
from ganjax.commands import explore
from ganjax.nets.conv import library
from ganjax.run import initial_state, prepare
from ganjax.translations import translates
from ganjax.window.drawing import Drawing
from ganjax.window.page import policy
from ganjax.window.server import Window
from ganjax.window.translating import Translating

pytestmark = pytest.mark.browser
PIXELS = """(selector) => {
  const image = document.querySelector(selector), canvas = document.createElement("canvas");
  if (!image?.naturalWidth) return "";
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const paper = canvas.getContext("2d");
  paper.drawImage(image, 0, 0);
  return [...paper.getImageData(0, 0, canvas.width, canvas.height).data].join();
}"""


def until(page, holds, seconds=20):
    """Waits for ``holds()``: the page's policy lets no test's own script wait in it."""
    for _ in range(50 * seconds):
        if holds():
            return
        page.wait_for_timeout(20)
    pytest.fail("waited in vain")


def served(config):
    """The address of the page on an untrained run."""
    with library():
        run = prepare(config)
        asked = (Translating if translates(run) else Drawing)(run, initial_state(run))
    said = {"system": run.config.system, "step": 0, "run": "test"}
    window = Window(0, policy())
    window.routes = explore.routes(asked, said)
    threading.Thread(target=window.serve_forever, args=(0.01,), daemon=True).start()
    yield window.url
    window.shutdown()
    window.server_close()


@pytest.fixture(scope="module")
def biggan(tmp_path_factory):
    yield from served(tiny.config("biggan", tmp_path_factory.mktemp("biggan")))


@pytest.fixture(scope="module")
def texts():
    small = [f"--config.{who}.{key}" for who in ("generator", "critic") for key in ("size=8", "channels=4")]
    yield from served(configs.load("configs/text_gan.py", [*small, "--config.data.image_size=8"]))


@pytest.fixture(scope="module")
def cyclegan():
    small = ("generator.channels=2", "generator.blocks=1", "critic.channels=2", "critic.layers=1", "train.batch_size=4")
    yield from served(configs.load("configs/cyclegan.py", [f"--config.{each}" for each in small]))


@pytest.fixture
def at(page):
    """Opens an address and waits for its first picture."""

    def at(url):
        page.goto(url)
        there = "document.querySelector('#picture').naturalWidth > 0 || document.querySelector('figure img')?.naturalWidth > 0"
        until(page, lambda: page.evaluate(there))
        return page

    return at


def changes(page, act, selector="#picture"):
    """What the act makes of the picture, which is another one."""
    before = page.evaluate(PIXELS, selector)
    act()
    until(page, lambda: page.evaluate(PIXELS, selector) not in ("", before))
    return page.evaluate(PIXELS, selector)


def test_a_slider_moves_the_picture(at, biggan):
    page = at(biggan)
    slider = page.get_by_role("slider", name="z 2", exact=True)
    changes(page, lambda: slider.fill("2.5"))
    assert page.get_by_role("spinbutton", name="z 2, exactly").input_value() == "2.5"
    assert "ms (server" in page.locator("#latency").inner_text()


def test_the_keyboard_moves_it(at, biggan):
    """A key leads to the sliders, arrows move one; r draws another seed, ? says which keys there are."""
    page = at(biggan)
    page.keyboard.press("z")
    assert page.evaluate("document.activeElement.id") == "z-0"
    before = float(page.locator("#z-0").input_value())
    changes(page, lambda: [page.keyboard.press("ArrowRight") for _ in range(40)])
    assert float(page.locator("#z-0").input_value()) == pytest.approx(before + 0.4, abs=0.02)
    changes(page, lambda: page.keyboard.press("r"))
    assert page.locator("#seed").input_value() == "1"
    page.keyboard.press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_a_class_is_picked_with_mouse_and_arrows(at, biggan):
    page = at(biggan)
    changes(page, lambda: page.get_by_text("7", exact=True).click())
    page.keyboard.press("c")
    changes(page, lambda: page.keyboard.press("ArrowRight"))
    assert page.get_by_role("radio", name="8: 8").is_checked()


def test_named_latents_and_truncation(at, biggan):
    page = at(biggan)
    ones = changes(page, lambda: page.get_by_role("button", name="all 1").click())
    assert [each.input_value() for each in page.locator("#coordinates input[type=range]").all()] == ["1"] * 6
    page.get_by_label("Coordinate i").fill("2")
    changes(page, lambda: page.get_by_role("button", name="i and next at 10, else 1").click())
    assert [page.locator(f"#z-{i}").input_value() for i in range(6)] == ["1", "1", "10", "10", "1", "1"]
    page.get_by_role("button", name="all 1").click()
    until(page, lambda: page.evaluate(PIXELS, "#picture") == ones)
    changes(page, lambda: page.get_by_role("slider", name="Truncation threshold").fill("0.3"))
    assert page.locator("#threshold").inner_text() == "|z| ≤ 0.3"


def test_between_two_pins(at, biggan):
    """The ends are the pins, classes are mixed on the way, and it plays."""
    page = at(biggan)
    a = page.evaluate(PIXELS, "#picture")
    page.keyboard.press("a")
    page.wait_for_selector("#pin-a img")
    changes(page, lambda: page.get_by_text("7", exact=True).click())
    changes(page, lambda: page.keyboard.press("r"))
    b = page.evaluate(PIXELS, "#picture")
    page.keyboard.press("b")
    between = page.get_by_role("slider", name="From A to B")
    until(page, between.is_enabled)
    assert changes(page, lambda: between.fill("50")) not in (a, b)
    assert "50 % 7" in page.locator("#shares").inner_text()
    assert changes(page, lambda: between.fill("0")) == a
    page.keyboard.press("w")
    until(page, lambda: between.input_value() == "100", 60)
    until(page, lambda: page.evaluate(PIXELS, "#picture") == b)


def test_only_the_newest_is_asked_for(at, biggan, page):
    """While one request is on its way, of a hundred moves one waits."""
    page = at(biggan)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/sample") else None)
    page.evaluate("""() => { const slider = document.querySelector("#z-1");
      for (let i = 0; i < 100; i++) { slider.value = i / 50; slider.dispatchEvent(new Event("input")); } }""")
    page.wait_for_timeout(1500)
    assert 1 <= len(asked) <= 2


def test_a_sentence(at, texts):
    page = at(texts)
    changes(page, lambda: page.get_by_label("Sentence").fill("someone with blue hair and dark skin"))
    page.get_by_label("Sentence").fill("someone with turquoise hair")
    assert page.locator("#strange").inner_text() == "no caption of the data has: turquoise"


def test_coordinates_are_paged(at, texts):
    page = at(texts)
    assert page.locator("#coordinates input[type=range]").count() == 12
    page.get_by_label("Coordinate i").fill("77")
    page.get_by_label("Coordinate i").press("Enter")
    assert "72 to 83 of 100" in page.locator("#coordinates").inner_text()
    changes(page, lambda: page.get_by_role("slider", name="z 77", exact=True).fill("-3"))


def test_an_image_is_translated(at, cyclegan):
    """From a file, by dropping, by pasting, an example; both ways."""
    page, file = at(cyclegan), io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 40, 3), np.uint8)).save(file, "PNG")
    given = {"name": "x.png", "mimeType": "image/png", "buffer": file.getvalue()}
    image = "figure[data-name=image] img"
    changes(page, lambda: page.locator("#file").set_input_files(given), image)
    assert [each.inner_text() for each in page.locator("figcaption").all()] == [
        *("without glasses", "with glasses", "without glasses, again"),
    ]
    changes(page, lambda: page.keyboard.press("2"), image)
    drop = """(name) => { const canvas = document.createElement("canvas"); canvas.width = canvas.height = 8;
      canvas.toBlob((blob) => { const data = new DataTransfer(); data.items.add(new File([blob], "x.png", {type: "image/png"}));
        const event = name === "paste" ? new ClipboardEvent("paste", {clipboardData: data})
                                       : new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
        document.querySelector("#drop").dispatchEvent(new event.constructor(name,
          {clipboardData: data, dataTransfer: data, bubbles: true, cancelable: true})); }); }"""
    changes(page, lambda: page.evaluate(drop, "drop"), image)
    changes(page, lambda: page.get_by_role("button", name="Example 3").click(), image)
    changes(page, lambda: page.evaluate(drop, "paste"), image)
    translation = "figure[data-name=translation] img"
    changes(page, lambda: page.keyboard.press("d"), translation)
    assert page.get_by_role("radio", name="1: with glasses → without glasses").is_checked()


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1200, "light")])
def test_it_fits_its_window(chromium, biggan, cyclegan, width, scheme):
    """Nothing sticks out to the side, on a telephone either."""
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    for url in (biggan, cyclegan):
        page.goto(url)
        page.wait_for_selector("main:not([hidden])")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
