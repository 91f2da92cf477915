"""The look of the pay page: a cool, quiet payment slip. One style sheet, allowed by its hash."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--back:#e9eef3;--slip:#fff;--ink:#14212e;--soft:#52616f;
--line:#d3dce4;--act:#17457a;--act-ink:#fff;--band:#14304f;--warn:#fdf0d8;--warn-ink:#6b4300;--done:#dceaf7;--done-ink:#123a63}
@media (prefers-color-scheme:dark){:root{--back:#0d141b;--slip:#17212b;--ink:#e8eef4;
--soft:#a5b3c0;--line:#2c3945;--act:#8cbcf0;--act-ink:#0b1c2e;--band:#0a1a2b;
--warn:#3a2c10;--warn-ink:#f6d798;--done:#14304f;--done-ink:#cfe3f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,
"Segoe UI",Roboto,"PingFang SC","PingFang TC","Noto Sans CJK SC","Noto Sans CJK TC",
"Microsoft YaHei",sans-serif}
.brand{background:var(--band);color:#fff;padding:14px 20px}
.brand p{max-width:440px;margin:0 auto;display:flex;align-items:center;gap:10px;font-weight:600}
.brand svg{width:22px;height:22px;flex:none}
.test{background:var(--warn);color:var(--warn-ink);text-align:center;padding:8px 20px;
font-size:14px;margin:0}
main{max-width:440px;margin:0 auto;padding:20px 16px 48px}
.slip{background:var(--slip);border:1px solid var(--line);border-radius:4px;padding:24px 20px}
h1{margin:0;font-size:14px;font-weight:500;color:var(--soft)}
.amount{margin:2px 0 0;font-size:38px;line-height:1.2;font-weight:650;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.code{font-size:16px;font-weight:500;color:var(--soft);margin-left:8px}
dl{margin:20px 0 0;padding-top:16px;border-top:1px dashed var(--line);display:grid;
grid-template-columns:auto 1fr;gap:6px 16px;font-size:14px}
dt{color:var(--soft)}
dd{margin:0;text-align:right;overflow-wrap:anywhere}
form{margin:0}
button,.button{display:block;width:100%;min-height:52px;padding:12px 16px;border-radius:4px;
border:1px solid var(--act);background:var(--act);color:var(--act-ink);font:inherit;
font-weight:600;font-size:17px;text-align:center;text-decoration:none;cursor:pointer}
.pay{margin-top:20px}
.quiet{margin-top:10px;background:transparent;color:var(--act);font-weight:500;
border-color:transparent;font-size:16px}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}
.note{margin:0 0 16px;padding:12px 14px;border-radius:4px;background:var(--warn);
color:var(--warn-ink)}
.done{background:var(--done);color:var(--done-ink)}
.small{margin:14px 0 0;font-size:13px;color:var(--soft);text-align:center}
details{margin-top:20px;border:1px solid var(--line);border-radius:4px;background:var(--slip)}
summary{padding:14px 20px;min-height:48px;cursor:pointer;font-weight:600}
details p{margin:0 20px 8px;font-size:14px;color:var(--soft)}
details ul{list-style:none;margin:0;padding:0}
details li{border-top:1px solid var(--line)}
details button,details .button{border:0;border-radius:0;background:transparent;color:var(--ink);
text-align:left;font-weight:500;font-size:16px;padding:12px 20px}
details button span,details .button span{display:block;font-size:13px;font-weight:400;
color:var(--soft)}
"""

STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

MARK = (
    '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linejoin="round" aria-hidden="true"><path d="M3 10 12 4l9 6M5 10v8m4.7-8v8'
    'm4.6-8v8M19 10v8M3 20h18"/></svg>'
)
