"""The layout check finds each kind of fault in a drawn picture, names the text, and lets good pictures pass."""

import altair as alt
import polars as pl
import pytest
from lxml import etree

from support.rain import rain_graphic, with_layer
from toll.graphics import allowlist, layout, theme
from toll.graphics.formats import Picture
from toll.graphics.svg import SVG as SVG_NAMESPACE
from toll.graphics.type import measure
from toll.problems import Problems

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


def draw(layer, size="desktop"):
    """The rain chart with one more layer, drawn in one size."""
    tasks = rain_graphic(chart=with_layer(layer)).tasks()
    return Picture.draw(next(task for task in tasks if task["size"] == size))


def label(text, x, y, **mark):
    return (
        alt.Chart(pl.DataFrame({"text": [text]}))
        .mark_text(**mark)
        .encode(alt.Text("text:N"), alt.XValue(x), alt.YValue(y))
    )


@pytest.mark.parametrize("task", rain_graphic().tasks(), ids=lambda task: f"{task['size']}-{task['theme']}")
def test_a_good_picture_passes_in_every_size_and_theme(task):
    picture = Picture.draw(task)
    size = theme.size(task["size"])
    width, height = (float(picture.composed.get(name)) for name in ("width", "height"))
    assert width == pytest.approx(size.width * size.shrink, abs=0.01)
    assert height == (size.height or height)


def test_text_off_the_canvas_is_named():
    def far_right(width, height):
        # no data, no domain: Vega cannot make room for what it does not measure, such as a clipped view
        return label("far too wide to fit " * 5, 300, 30)

    with pytest.raises(Problems, match=r"“far too wide to fit .*” runs .* px over the edge. Shorten it"):
        draw(far_right)


def test_text_that_touches_text_is_named_with_it():
    with pytest.raises(
        Problems, match=r"rain, desktop, light: “one” and “two” overlap or nearly do. Shorten or move one"
    ):
        draw(lambda *_: alt.layer(label("one", 500, 20), label("two", 505, 24)))


def test_two_texts_that_would_read_as_one_are_named():
    with pytest.raises(Problems, match=r"“Oct.” and “Dec. 31” overlap"):
        draw(lambda width, height: alt.layer(label("Oct.", 500, 20), label("Dec. 31", 501 + measure("Oct.", 14), 20)))


def test_two_texts_that_are_a_word_space_apart_are_named():
    space = measure(" ", 14)
    with pytest.raises(Problems, match=r"“Oct.” and “Dec. 31” overlap"):
        draw(lambda *_: alt.layer(label("Oct.", 440, 20), label("Dec. 31", 440 + measure("Oct.", 14) + space, 20)))


@pytest.mark.parametrize(("beyond", "passes"), [(0.8, True), (1.2, False)])
def test_text_may_stand_in_the_margin_by_a_pixel(beyond, passes):
    size = theme.size("desktop")
    picture = etree.fromstring(f'<svg xmlns="{SVG_NAMESPACE}" viewBox="0 0 640 200"/>')
    left = size.width - size.margin - measure("June 30", 14) + beyond
    text = etree.SubElement(picture, f"{{{SVG_NAMESPACE}}}text", {"font-size": "14", "x": str(left), "y": "50"})
    text.text = "June 30"
    if passes:
        layout.check(picture, size, "rain")
    else:
        with pytest.raises(Problems, match=r"“June 30” runs 1\.2 px over the edge"):
            layout.check(picture, size, "rain")


def test_a_text_that_prints_one_entry_is_named_with_it():
    def crowded(width, height):
        data = pl.DataFrame({"text": ["one\nand more", "one", "two"], "entry": ["first", "first", None]})
        at = {"x": alt.XValue(500), "y": alt.YValue(20)}
        return alt.Chart(data).mark_text(lineBreak="\n").encode(alt.Text("text:N"), **at)

    with pytest.raises(Problems, match=r"“one” and “two” overlap.* “one” prints `first`\.") as refused:
        draw(crowded)
    assert "“two” prints" not in str(refused.value)


def test_text_crossed_by_a_line_is_named():
    def crossed(width, height):
        line = alt.Chart(pl.DataFrame({"at": [0]})).mark_rule().encode(alt.YValue(20), alt.XValue(450))
        return alt.layer(line.encode(alt.X2Value(580)), label("through and through", 460, 21))

    with pytest.raises(Problems, match="The edge of a mark runs through “through and through”"):
        draw(crossed)


def test_a_label_that_sticks_out_of_its_bar_is_named():
    with pytest.raises(Problems, match="The edge of a mark runs through “half in”"):
        draw(lambda width, height: label("half in", 420, 64))


def test_what_vega_writes_for_no_value_is_refused():
    words = alt.Chart(pl.DataFrame({"at": [400, 500], "text": ["one", None]})).mark_text(stroke="ground", strokeWidth=4)
    at = alt.X("at:Q", axis=None, scale=alt.Scale(range=[400, 500]))
    with pytest.raises(Problems, match="“null” is what Vega writes where a row has no value"):
        draw(lambda *_: alt.layer(words.encode(at, alt.YValue(30), text="text:N")).resolve_scale(x="independent"))


def test_a_place_that_rounding_leaves_beside_zero_is_no_turn_of_the_text():
    dot = alt.Chart(pl.DataFrame({"at": [0]})).mark_point(size=9).encode(alt.XValue(4.6e-17), alt.YValue(35))
    assert "translate(0,35)" in {part.get("transform") for part in draw(lambda *_: dot).composed.iter("{*}path")}


def test_text_smaller_than_the_footer_is_named():
    with pytest.raises(Problems, match="“tiny” is set at 9 px; the smallest type on desktop is 12 px"):
        draw(lambda *_: label("tiny", 500, 20, fontSize=9))


def test_turned_text_is_named():
    with pytest.raises(Problems, match=r"“turned” is turned or scaled \(.*rotate"):
        draw(lambda *_: label("turned", 500, 20, angle=90))


def test_a_mark_that_leaves_the_canvas_is_noticed():
    picture = Picture.draw(rain_graphic().tasks()[0])
    layout.check(picture.composed, picture.size, "rain")
    etree.SubElement(picture.composed, f"{{{SVG_NAMESPACE}}}path", d="M600,30h60v10h-60Z", fill="#121212")
    with pytest.raises(Problems, match=r"rain: A mark runs 20.0 px over the edge"):
        layout.check(picture.composed, picture.size, "rain")


def test_a_grid_line_may_pass_behind_text_that_covers_it_only():
    def over_grid(**mark):
        def chart(width, height):
            points = pl.DataFrame({"x": [0, 1], "y": [0, 2], "text": ["", "over a line"]})
            base = alt.Chart(points).encode(
                alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 2])),
                alt.Y("y:Q", axis=alt.Axis(values=[0, 1, 2, 3]), scale=alt.Scale(domain=[0, 3])),
            )
            return alt.layer(base.mark_point(), base.mark_text(dx=10, **mark).encode(alt.Text("text:N"))).properties(
                height=height or 120
            )

        return Picture.draw(rain_graphic(chart=chart).tasks()[0])

    with pytest.raises(Problems, match=r"A grid line runs through “over a line”. Move it, or cover the grid"):
        over_grid()
    picture = over_grid(stroke="ground", strokeWidth=4)
    assert "stroke" not in [*picture.composed.iter("{*}text")][-4].attrib


def test_axis_labels_are_flush_with_the_headline():
    for task in rain_graphic().tasks():
        picture = Picture.draw(task)
        texts, _ = layout.read(picture.composed, "")
        lefts = {text.string: text.x for text in texts}
        margin = theme.size(task["size"]).margin
        assert min(lefts.values()) == pytest.approx(margin, abs=0.02)
        assert lefts["June"] < margin + 1.5


def test_lines_of_one_label_become_texts_of_their_own():
    picture = draw(lambda *_: label(["first line", "second line"], 480, 20, lineHeight=18))
    assert {"first line", "second line"} <= {text.text for text in picture.composed.iter("{*}text")}


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<g onload='alert(1)'/>",
        "<a href='javascript:alert(1)'><text>x</text></a>",
        "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'/></foreignObject>",
        "<rect fill='url(http://example.org/x)'/>",
        "<style>@import 'http://example.org/x'</style>",
        "<style>text{fill:url(http://example.org/x)}</style>",
        "<image href='http://example.org/x.png'/>",
        "<use xlink:href='http://example.org/x.svg#a'/>",
        "<use href='#a'/>",
        "<path xlink:href='#a'/>",
        "<animate attributeName='x' to='1'/>",
        "<set attributeName='onmouseover' to='alert(1)'/>",
        "<rect style='background:url(x)'/>",
        "<rect fill='JaVaScRiPt:alert(1)'/>",
        "<metadata><script>alert(1)</script></metadata>",
        "<metadata><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script></metadata>",
        "<?xml-stylesheet href='http://example.org/x.css'?>",
        "<!-- <script>alert(1)</script> -->",
        "<iframe src='http://example.org'/>",
        "<text><script>alert(1)</script></text>",
    ],
)
def test_what_is_not_a_plain_drawing_is_refused(attack):
    with pytest.raises(Problems):
        allowlist.check(SVG.format(attack).encode(), "attack")


@pytest.mark.parametrize("before", ["<!DOCTYPE svg [<!ENTITY e 'x'>]>", "<?xml-stylesheet href='x.css'?>", "<!-- -->"])
def test_what_stands_before_the_drawing_is_refused_too(before):
    with pytest.raises(Problems):
        allowlist.check((before + SVG.format("<g/>")).encode(), "attack")


def test_a_plain_drawing_is_let_through():
    plain = "<title>t</title><defs><path id='a' d='M0,0h1'/></defs><use xlink:href='#a'/><g clip-path='url(#a)'/>"
    assert isinstance(allowlist.check(SVG.format(plain).encode(), "plain"), etree._Element)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://example.org", "#here"])
def test_a_link_in_a_chart_is_refused(address):
    with pytest.raises(Problems, match=r"contains <\{.*\}a>|Vega cannot draw the chart"):
        draw(lambda *_: label("x", 500, 20).encode(alt.HrefValue(address)))


def test_a_picture_from_elsewhere_is_refused():
    def image(*_):
        return (
            alt.Chart(pl.DataFrame({"x": [0]}))
            .mark_image(url="http://192.0.2.1/x.png", width=9, height=9)
            .encode(alt.XValue(500), alt.YValue(20))
        )

    with pytest.raises(Problems, match=r"contains <\{.*\}image>|Vega cannot draw the chart"):
        draw(image)


@pytest.mark.parametrize("text", ["</text><script>alert(1)</script>", "<b>&amp;\"'", "]]>", "javascript:alert(1)"])
def test_markup_in_data_is_drawn_as_the_text_it_is(text):
    picture = draw(lambda *_: label(text, 300, 38))
    root = allowlist.check(picture.svg(), "safe")
    assert text in {element.text for element in root.iter("{*}text")}
