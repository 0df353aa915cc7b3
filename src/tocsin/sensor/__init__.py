"""What a sensor can see and how wrong it is (shared by `track` and `sim`)."""

from tocsin.sensor.table import SensorTable, detection_probability, jacobian, measure, pack

__all__ = ["SensorTable", "detection_probability", "jacobian", "measure", "pack"]
