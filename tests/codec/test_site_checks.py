"""What a site file may not say: names that are paths, kinds that are none, tables as values."""

import pytest

from tocsin.codec._site_secrets import is_name
from tocsin.codec._site_sensors import TARGETS
from tocsin.codec.sapient.ids import own_id_of
from tocsin.codec.site_toml import read_site
from tocsin.errors import ServiceError, SiteError
from tocsin.model import CLASSES
from tocsin.sensor import table
from tocsin.service import secrets_folder

NODE = '[node]\nname = "Test"\n'
SITE = NODE + '[[site]]\nid = "north"\nlat = 48\nlon = 11\nelevation_m = 500\n'
SENSOR = SITE + '[[sensor]]\nid = "r"\nkind = "radar"\nformat = "detections"\n'
FLIGHT = SITE + (
    '[[authorisation]]\ndeclared_id = "a"\nowner = "base"\nsites = ["north"]\n'
    "until = 2027-01-01T00:00:00Z\n"
)


def said(text):
    with pytest.raises(SiteError) as caught:
        read_site(text.encode(), "site.toml")
    return str(caught.value)


@pytest.mark.parametrize("uuid", ["", "ABCDEF12-3333-4333-8333-333333333333"])
def test_a_node_that_is_its_own_child_is_refused(uuid):
    own = SITE.replace("[node]\n", f'[node]\nuuid = "{uuid}"\n')
    child = '[[sensor]]\nid = "c"\nkind = "system"\nformat = "sapient"\nnode_id = "{}"\n'
    own_id = own_id_of(read_site(own.encode(), "site.toml"))
    sentence = said(own + child.format(own_id.upper()))
    assert "sensor 'c'" in sentence
    assert "registers itself" in sentence
    read_site((own + child.format(own_id[:-1] + "ab"[own_id[-1] == "a"])).encode(), "s")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{ brid = 4500 }", ["sensor 'r'", "'brid'", "did you mean 'bird'?"]),
        ("{ ship = 4500 }", ["'ship'", "it can be drone_multirotor"]),
        ("{ bird = -4500 }", ["-4500", "'bird'", "above 0"]),
        ("{ bird = 0 }", ["'bird'", "1 for a kind that it never sees"]),
        ("{ bird = inf }", ["inf", "give a number"]),
    ],
)
def test_a_reach_of_a_kind_that_is_none_or_that_no_sensor_has_is_refused(line, words):
    sentence = said(SENSOR + f"max_range_by_kind_m = {line}\n")
    assert [word for word in words if word not in sentence] == []


@pytest.mark.parametrize("kind", TARGETS)
def test_every_kind_of_target_may_have_a_reach(kind):
    node = read_site((SENSOR + f"max_range_by_kind_m = {{ {kind} = 900 }}\n").encode(), "s")
    assert node.sensors[0].max_range_by_kind_m == {kind: 900.0}


def test_the_kinds_of_target_are_those_of_tracks_and_the_sizes_of_the_sensor_table():
    seen = tuple(size for size, share in table._SIZES.items() if share > 0.0)
    assert (*CLASSES, *seen) == TARGETS


@pytest.mark.parametrize("degrees", ["4000", "-360.5"])
def test_a_sector_looks_into_a_direction_of_the_circle(degrees):
    assert degrees in said(SENSOR + f"azimuth_center_deg = {degrees}\n")


@pytest.mark.parametrize("degrees", [-360, -90, 0, 360])
def test_a_direction_may_be_written_either_way_round(degrees):
    node = read_site((SENSOR + f"azimuth_center_deg = {degrees}\n").encode(), "s")
    assert node.sensors[0].azimuth_center_deg == degrees


PATHS = ("../../etc/passwd", "/etc/passwd", "..", ".hidden", "a/b", "a b", "x" * 65, "ü")


def is_taken_by_the_service(name):
    try:
        secrets_folder._check_name(name)
    except ServiceError:
        return False
    return True


@pytest.mark.parametrize("name", [*PATHS, "", "desk", "peer-south", "A.b_c-1", "0", "x" * 64])
def test_a_name_is_one_here_where_it_is_one_in_the_folder_of_secrets(name):
    assert is_name(name) == is_taken_by_the_service(name)
    assert secrets_folder._NAME.pattern == r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"


TABLES = {
    "sensor": SENSOR + 'listen = "http"\nsecret = "{}"\n',
    "channel": SITE + '[[channel]]\nid = "c"\nto = "https://a.org/"\nsecret = "{}"\n',
    "channel tls": SITE
    + '[[channel]]\nid = "c"\nkind = "cot"\nto = "tls://a.org:1"\ntls = "{}"\n',
    "channel tls_authority": SITE
    + '[[channel]]\nid = "c"\nkind = "cot"\nto = "tls://a.org:1"\ntls_authority = "{}"\n',
    "peer": SITE
    + '[[peer]]\nid = "p"\nsecret = "{}"\nkeys = ["a/b+0a1b2c3d+'
    + "A" * 44
    + '"]\n',
    "sentinel": SITE + '[[sentinel]]\nid = "s"\nsecret = "{}"\n',
    "timestamp": SITE + '[[timestamp]]\nid = "t"\nto = "https://a.org/"\ncertificate = "{}"\n',
    "timestamp tls_authority": SITE
    + '[[timestamp]]\nid = "t"\nto = "https://a.org/"\ntls_authority = "{}"\n',
    "sensor tls": SENSOR + 'listen = "tcp-listen://127.0.0.1:1"\ntls = "{}"\n',
    "sensor tls_clients": SENSOR
    + 'listen = "tcp-listen://127.0.0.1:1"\ntls = "a"\ntls_clients = "{}"\n',
    "sensor authority": SENSOR + 'listen = "tls://127.0.0.1:1?authority={}"\n',
    "broker authority": SENSOR + 'listen = "mqtts://127.0.0.1:1/topic?authority={}"\n',
}


@pytest.mark.parametrize("where", TABLES)
def test_no_name_of_a_secret_or_certificate_is_a_path(where):
    sentence = said(TABLES[where].format(".." if where == "broker authority" else PATHS[0]))
    assert ".." in sentence
    assert "DATA/secrets" in sentence
    assert read_site(TABLES[where].format("desk-1.a").encode(), "site.toml").name == "Test"


def test_an_authority_in_other_letters_is_no_path_either():
    assert "../x" in said(TABLES["sensor authority"].format("%2e%2e%2fx"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no node; give [node] with a name"),
        ("schema = 1\n", "has no node; give [node] with a name"),
        (NODE + '[site]\nid = "a"\n', "write [[site]], with two pairs"),
        (NODE + '[channel]\nid = "a"\n', "write [[channel]]"),
        (SITE + '[sensor]\nid = "a"\n', "write [[sensor]]"),
        (SITE + '[site.zone]\nid = "a"\n', "write [[site.zone]]"),
        (SITE + '[[zone]]\nid = "a"\n', "write [[site.zone]] below its [[site]]"),
        ('[[node]]\nname = "Test"\n', "write [node], with one pair"),
        (SITE + "[[site.rules]]\nclear_s = 60\n", "write [site.rules]"),
        (
            SENSOR + 'sites = "north"\n',
            "sites is 'north'; give a list, for example [\"north\"]",
        ),
        (SENSOR + 'sites = ["north", 7]\n', "number 2 is 7; give text in quotes"),
        (FLIGHT + "from = 2026-01-01\n", "with Z, for example 2026-01-01T00:00:00Z"),
        (FLIGHT + "from = 12:30:00\n", "from is 12:30:00; give a time with Z"),
        (FLIGHT + 'from = "New Year"\n', "from is 'New Year'; give a time with Z"),
        (SITE.replace("48", '"48"'), "lat is '48'; give a number without quotes: 48"),
        (SITE.replace("48", '"48 N"'), "lat is '48 N'; give a number without quotes"),
        (NODE + "number = 1.5\n", "number is 1.5; give a whole number"),
        (SITE + '[retention]\nhours = "a day"\n', "give a number without quotes"),
        (
            SITE + '[[timestamp]]\nid = "t"\nto = "https://a.org"\nnonce = "no"\n',
            "give true or false",
        ),
    ],
)
def test_a_value_of_the_wrong_sort_is_answered_with_how_it_is_written(text, words):
    sentence = said(text)
    assert words in sentence
    assert "expected" not in sentence
    assert "datetime" not in sentence
