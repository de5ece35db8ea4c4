from pathlib import Path

import pytest

from infusion_core.box import Box
from infusion_core.errors import InputError
from infusion_core.io.layers import choose_picture, find_channel, layer_names
from infusion_core.io.pictures import Header, Part, read_header

WINDOW = Box(0, 0, 8, 8)


def part(index: int, name: str, *channels: str, deep: bool = False) -> Part:
    return Part(index, name, channels, ("half",) * len(channels), WINDOW, WINDOW, (0, 0), deep)


def header(*parts: Part) -> Header:
    return Header("openexr", parts)


def choose(head: Header, layer: str = ""):
    picture = choose_picture(head, layer, Path("x.exr"), 1)
    return picture.part.index, picture.channels, picture.slots, picture.alpha


def test_the_main_picture_is_the_first_with_all_three_colours():
    head = header(
        part(0, "mask", "R"), part(1, "rgba", "R", "G", "B", "A", "Z"), part(2, "again", "R", "G", "B")
    )
    assert choose(head) == (1, ("R", "G", "B"), (0, 1, 2), "A")


def test_layers_inside_one_part():
    head = header(part(0, "", "R", "G", "B", "A", "diffuse.R", "diffuse.G", "diffuse.B"))
    assert choose(head, "diffuse") == (0, ("diffuse.R", "diffuse.G", "diffuse.B"), (0, 1, 2), "")


def test_layers_as_parts_with_bare_or_prefixed_channels():
    head = header(
        part(0, "rgba", "R", "G", "B"),
        part(1, "key", "R", "G", "B"),
        part(2, "f", "f.red", "f.green", "f.blue"),
    )
    assert choose(head, "key")[0] == 1
    assert choose(head, "f") == (2, ("f.red", "f.green", "f.blue"), (0, 1, 2), "")


def test_a_layer_in_a_layer_is_not_its_parent():
    head = header(part(0, "", "left.R", "left.G", "left.B", "left.key.R", "left.key.G", "left.key.B"))
    assert choose(head, "left.key")[1] == ("left.key.R", "left.key.G", "left.key.B")
    assert choose(head, "left")[1] == ("left.R", "left.G", "left.B")


def test_grey_and_partial_colours():
    assert choose(header(part(0, "", "Y", "A"))) == (0, ("Y",), (-1,), "A")
    assert choose(header(part(0, "", "G", "Z"))) == (0, ("G",), (1,), "")


def test_a_missing_layer_is_refused_with_the_names_there_are():
    head = header(part(0, "rgba", "R", "G", "B", "spec.R", "spec.G", "spec.B"))
    assert layer_names(head) == ("rgba", "spec")
    with pytest.raises(InputError, match="rgba, spec"):
        choose(head, "diffuse")


def test_data_channels_are_no_picture():
    with pytest.raises(InputError, match="no R, G, B or Y"):
        choose(header(part(0, "", "Z", "motion.u", "motion.v")))


def test_nukes_name_of_the_main_picture_is_understood():
    assert choose(header(part(0, "", "R", "G", "B")), "rgba") == choose(header(part(0, "", "R", "G", "B")))


def test_luminance_and_chroma_are_not_taken_for_grey():
    with pytest.raises(InputError, match="luminance and chroma"):
        choose(header(part(0, "", "Y", "RY", "BY")))


def test_deep_pictures_are_refused_but_flat_parts_beside_them_are_not():
    with pytest.raises(InputError, match="deep"):
        choose(header(part(0, "", "R", "G", "B", deep=True)))
    assert choose(header(part(0, "d", "Z", deep=True), part(1, "rgba", "R", "G", "B")))[0] == 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("A", (0, "A")),
        ("rgba.alpha", (0, "A")),
        ("alpha", (0, "A")),
        ("roto.mask", (0, "roto.mask")),
        ("key.A", (1, "A")),
        ("key.alpha", (1, "A")),
        ("roto.alpha", None),
        ("B", None),
    ],
)
def test_channels_are_found_by_file_name_part_and_nukes_names(wanted, expected):
    head = header(part(0, "rgba", "R", "A", "roto.mask"), part(1, "key", "R", "A"))
    found = find_channel(head, wanted)
    assert (found and (found[0].index, found[1])) == expected


def test_real_stereo_and_layer_files(shared_exr):
    stereo = read_header(shared_exr / "sequence" / "multipart.0001.exr")
    assert choose(stereo)[0] == 0
    assert choose(stereo, "rgba_left")[0] == 4
    assert find_channel(stereo, "whitebarmask.mask") == (stereo.parts[3], "whitebarmask.mask")
    single = read_header(shared_exr / "sequence" / "singlepart.0001.exr")
    assert choose(single, "left")[1] == ("left.R", "left.G", "left.B")
