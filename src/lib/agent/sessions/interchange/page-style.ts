/** The look of an exported page: paper, ink, one accent, rules instead of boxes. */

export const pageStyle = `
:root{color-scheme:light dark;--paper:#fbf7ee;--ink:#16130f;--quiet:#6b6358;--rule:#d9d0bf;--accent:#c2410c}
@media(prefers-color-scheme:dark){:root{--paper:#13110e;--ink:#ece5d8;--quiet:#a0968a;--rule:#37322b;--accent:#fb923c}}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:42rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.6 Newsreader,Georgia,serif}
header{border-block-end:3px double var(--ink);margin-block-end:2rem}
h1{font:600 2rem/1.15 Fraunces,Georgia,serif;margin:.25rem 0}
.kicker{color:var(--accent);font-variant:small-caps;letter-spacing:.06em;margin:0}
.dateline,footer,.aside,small{color:var(--quiet);font-size:.875rem}
article{border-block-start:1px solid var(--rule);padding-block:1rem}
h2{font:600 .9375rem/1.3 Fraunces,Georgia,serif;margin:0 0 .5rem}
h2 small{font:.8125rem Newsreader,Georgia,serif}
.user h2{color:var(--accent)}
p{margin:0 0 .75rem;white-space:pre-wrap;overflow-wrap:anywhere}
pre{font:.875rem/1.5 "JetBrains Mono",ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere;border-inline-start:2px solid var(--rule);padding-inline-start:.75rem;margin:0 0 .75rem}
summary{cursor:pointer;color:var(--quiet);font-size:.9375rem}
img{max-width:100%;height:auto}figure{margin:0 0 .75rem}figcaption{color:var(--quiet);font-size:.875rem}
footer{border-block-start:1px solid var(--rule);padding-block-start:1rem;margin-block-start:2rem}
`;
