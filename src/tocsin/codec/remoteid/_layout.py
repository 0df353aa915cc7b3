"""Sizes, scales and the values that mean "unknown" (ASTM F3411-22a, tables 3 to 12)."""

import struct

__all__ = [
    "ALTITUDE_OFFSET_M",
    "ALTITUDE_STEP_M",
    "AREA_RADIUS_LIMIT_M",
    "AREA_RADIUS_STEP_M",
    "AUTH",
    "BASIC_ID",
    "DIRECTION_UNKNOWN",
    "EPOCH_2019_S",
    "ID_OCTETS",
    "LOCATION",
    "LOCATION_STRUCT",
    "MESSAGE_OCTETS",
    "OPERATOR_ID",
    "PACK",
    "PACK_LIMIT",
    "PAGE_OCTETS",
    "PAGE_ZERO_OCTETS",
    "SELF_ID",
    "SPEED_HIGH_OFFSET_MPS",
    "SPEED_HIGH_STEP_MPS",
    "SPEED_STEP_MPS",
    "SYSTEM",
    "SYSTEM_STRUCT",
    "TEXT_OCTETS",
    "TIME_UNKNOWN",
    "VERSIONS",
    "VERTICAL_LIMIT_MPS",
    "VERTICAL_STEP_MPS",
    "VERTICAL_UNKNOWN",
]

MESSAGE_OCTETS = 25
ID_OCTETS, TEXT_OCTETS = 20, 23
PAGE_ZERO_OCTETS, PAGE_OCTETS = 17, 23  # of authentication data in a page
PACK_LIMIT = 9  # messages in a pack
BASIC_ID, LOCATION, AUTH, SELF_ID, SYSTEM, OPERATOR_ID, PACK = 0, 1, 2, 3, 4, 5, 0xF
VERSIONS = (0, 1, 2)  # F3411-19, the draft between, F3411-22a: one layout, fields only added

# Direction, speed, vertical speed, latitude, longitude, three heights, two octets of accuracy,
# time after the hour, its accuracy: octets 2 to 23 of a Location message.
LOCATION_STRUCT = struct.Struct("<BBbiiHHHBBHB")
# Operator latitude and longitude, area count, radius, ceiling, floor, class, altitude, time.
SYSTEM_STRUCT = struct.Struct("<iiHBHHBHI")

SPEED_STEP_MPS, SPEED_HIGH_STEP_MPS = 0.25, 0.75
SPEED_HIGH_OFFSET_MPS = 63.75  # 255 steps of 0.25
VERTICAL_STEP_MPS, VERTICAL_LIMIT_MPS = 0.5, 62.0
VERTICAL_UNKNOWN = 126  # 63 m/s
ALTITUDE_STEP_M, ALTITUDE_OFFSET_M = 0.5, 1000.0  # 0 means unknown
DIRECTION_UNKNOWN = 181  # with the west bit: 361 degrees
TIME_UNKNOWN = 0xFFFF
AREA_RADIUS_STEP_M, AREA_RADIUS_LIMIT_M = 10.0, 2550.0
EPOCH_2019_S = 1_546_300_800  # 2019-01-01 00:00:00 UTC as Unix time
