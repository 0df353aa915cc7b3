"""ASTERIX (EUROCONTROL-SPEC-0149): a table for each category, one reader and one writer.

`encode_record` and `encode_block` write what the same tables read; `radar` makes the messages
of a radar from measurements in SI units.
"""

from tocsin.codec.asterix._bulk import Held, decode_payloads
from tocsin.codec.asterix._editions import EDITIONS, READABLE, time_of_day_s
from tocsin.codec.asterix._geometry import curvature_radius_m, elevation_of, height_of
from tocsin.codec.asterix._items import Broken
from tocsin.codec.asterix._records import (
    Block,
    Edition,
    Record,
    blocks,
    encode_block,
    encode_record,
    records,
)
from tocsin.codec.asterix._recordwise import EDITIONS_BESIDE, beside_edition
from tocsin.codec.asterix._uas import renamed_uas
from tocsin.codec.asterix.cat015 import CAT015_1_2
from tocsin.codec.asterix.cat021 import CAT021_2_7
from tocsin.codec.asterix.cat021_old import CAT021_0_23, CAT021_0_26
from tocsin.codec.asterix.cat034 import CAT034_1_29
from tocsin.codec.asterix.cat048 import CAT048_1_32
from tocsin.codec.asterix.cat062 import CAT062_1_21
from tocsin.codec.asterix.cat063 import CAT063_1_7
from tocsin.codec.asterix.cat065 import CAT065_1_5
from tocsin.codec.asterix.cat129 import CAT129_1_2
from tocsin.codec.asterix.radar import encode_north_mark, encode_plot, encode_sector

__all__ = [
    "CAT015_1_2",
    "CAT021_0_23",
    "CAT021_0_26",
    "CAT021_2_7",
    "CAT034_1_29",
    "CAT048_1_32",
    "CAT062_1_21",
    "CAT063_1_7",
    "CAT065_1_5",
    "CAT129_1_2",
    "EDITIONS",
    "EDITIONS_BESIDE",
    "READABLE",
    "Block",
    "Broken",
    "Edition",
    "Held",
    "Record",
    "beside_edition",
    "blocks",
    "curvature_radius_m",
    "decode_payloads",
    "elevation_of",
    "encode_block",
    "encode_north_mark",
    "encode_plot",
    "encode_record",
    "encode_sector",
    "height_of",
    "records",
    "renamed_uas",
    "time_of_day_s",
]
