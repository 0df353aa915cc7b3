// What stands at the end of a shift, one sentence a line: for the eyes of who hands over, and
// for the note where they want it there.

import { clockSpan, count } from "../fmt";
import { isActive, isShelved, needsAcknowledging } from "../state/alarms";
import type { Alarm, SensorStatus, ZoneStatus } from "../wire";

export interface Standing {
  alarms: readonly Alarm[];
  zones: readonly ZoneStatus[];
  sensors: readonly SensorStatus[];
  nowS: number;
  siteName: (id: string) => string;
  zoneName: (site: string, zone: string) => string;
}

export function whatStands(of: Standing): string[] {
  const zones = of.zones
    .filter((zone) => zone.step !== "QUIET")
    .map((z) => `${z.step} at ${of.siteName(z.site_id)}, ${of.zoneName(z.site_id, z.zone_id)}`);
  const alarms = of.alarms.filter(isActive).map((a) => alarmLine(a, of));
  const bad = of.sensors
    .filter((s) => s.kind !== "person" && s.state !== "ok")
    .map((s) => `Sensor ${s.sensor_id}: ${s.state}`);
  return [...alarms, ...zones, ...bad];
}

function alarmLine(alarm: Alarm, of: Standing): string {
  const parts = [`Alarm ${alarm.id}: ${alarm.step} at ${of.siteName(alarm.site_id)}`];
  if (alarm.tracks.length) parts.push(count(alarm.tracks.length, "track"));
  if (needsAcknowledging(alarm)) parts.push("not acknowledged");
  if (isShelved(alarm)) {
    const leftS = (alarm.shelved_until_s ?? of.nowS) - of.nowS;
    parts.push(`shelved for ${clockSpan(leftS)} more (${alarm.shelved_reason})`);
  }
  if (alarm.decision) parts.push(`decided: ${alarm.decision}`);
  return parts.join(", ");
}
