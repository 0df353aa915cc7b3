"""The one style sheet of every page: light, dark and on paper; no fonts, no images."""

__all__ = ["CSS"]

CSS = """
:root{--ink:#17202a;--soft:#5a6672;--line:#d5dbe1;--paper:#fff;--wash:#f4f6f8;--mark:#9a3412;
--link:#0b5a9c;--zone:#2b6cb0;--unreal:#7c3aed;color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#9fabb7;--line:#33404d;
--paper:#11181f;--wash:#19222b;--mark:#fdba74;--link:#7cc0ff;--zone:#63a4e8;--unreal:#c4b5fd}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:anywhere;
font:17px/1.5 system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.5rem 1.2rem 4rem}
a{color:var(--link)}
.kicker{display:flex;gap:.6rem;flex-wrap:wrap;align-items:center;color:var(--soft);
font-size:.85rem;margin:0 0 .4rem}
.wire{font-weight:700;letter-spacing:.06em;border:1px solid currentColor;padding:0 .4rem;
border-radius:2px}
.unreal{background:var(--unreal);color:var(--paper);font-weight:700;text-align:center;
padding:.4rem;letter-spacing:.12em}
.draft{background:var(--mark);color:var(--paper);font-weight:700;text-align:center;padding:.4rem}
h1{font-size:2rem;line-height:1.15;margin:.2rem 0 .6rem;text-wrap:balance}
h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:2px solid var(--line);
padding-bottom:.25rem}
.lead{font-size:1.1em;margin:.2rem 0 1rem}
ul.lines{list-style:none;margin:0;padding:0}
ul.lines li{padding:.55rem 0;border-bottom:1px solid var(--line)}
ul.lines li:last-child{border-bottom:0}
blockquote{margin:.25rem 0 0;padding-left:.7rem;border-left:3px solid var(--line);
color:var(--soft);font-size:.95em;overflow-wrap:anywhere}
.entry{color:var(--soft);font-size:.78em;white-space:nowrap;font-variant-numeric:tabular-nums}
.notice{border:1px solid var(--mark);border-left-width:5px;padding:.5rem .8rem;margin:1rem 0}
.note{display:block;color:var(--mark);font-size:.88em}
s{color:var(--soft)}
.none{color:var(--soft)}
.tags{list-style:none;display:flex;gap:.4rem;flex-wrap:wrap;padding:0;margin:.6rem 0}
.tags li{background:var(--wash);border:1px solid var(--line);border-radius:1rem;
padding:.05rem .7rem;font-size:.85rem}
table{border-collapse:collapse;width:100%;font-size:.95em}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);
vertical-align:top}
svg.map{width:100%;height:auto;background:var(--wash);border:1px solid var(--line);
display:block;margin:1rem 0}
.map .grid{stroke:var(--line);fill:none}
.map .deg{fill:var(--soft);font:12px system-ui,sans-serif}
.map .name{fill:var(--ink);font:600 14px system-ui,sans-serif}
@media (max-width:600px){.map .name{font-size:25px}.map .deg{font-size:17px}}
.map .bar{stroke:var(--ink);fill:none;stroke-width:1.5}
.map .zone{fill:var(--zone);fill-opacity:.14;stroke:var(--zone);stroke-width:1.5}
.map .site{fill:var(--mark)}
.map .track{fill:var(--paper);stroke:var(--mark);stroke-width:2}
.map .way{stroke:var(--mark);stroke-dasharray:3 5;fill:none}
pre{background:var(--wash);border:1px solid var(--line);padding:.7rem;overflow-x:auto;
font-size:.85rem}
footer{margin-top:2.5rem;border-top:2px solid var(--line);padding-top:.8rem;
color:var(--soft);font-size:.85rem;overflow-wrap:anywhere}
@media print{:root{--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--wash:#fff;--mark:#7a2a0c;
--link:#000;--zone:#2b6cb0;color-scheme:light}body{font-size:10.5pt}main{max-width:none;padding:0}
h2{break-after:avoid;margin-top:1.3rem}li,tr,svg.map,.notice{break-inside:avoid}
svg.map{max-height:68mm;width:auto;max-width:100%;margin-inline:auto}.notice a{display:none}
.share,.send,.links{display:none}a{text-decoration:none}
.unreal,.draft{background:none;color:#000;border:2px solid #000;padding:.4rem}
@page{margin:18mm 16mm}}
"""
