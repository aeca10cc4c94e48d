/*
 * Every pair of ink and ground has a contrast of at least 4.5 : 1. A page sets another palette by these properties on the element. The tone is
 * that of the answer; lines carry it, text on a ground of it has the colour of all text.
 */
const common = `
:host{--ground:light-dark(#f5f5f1,#101413);--surface:light-dark(#fff,#181d1b);--ink:light-dark(#17201c,#e8ece9);--soft:light-dark(#56605a,#a2ada7);--line:light-dark(#7b847d,#6d7873);--good:light-dark(#0c6b49,#58c797);--warn:light-dark(#985002,#f0ac4a);--bad:light-dark(#b3261e,#ff8f86);display:block;line-height:1.5;color:var(--ink)}
:host([hidden]){display:none}
*{box-sizing:border-box;margin:0;--tinted:color-mix(in srgb,var(--tone) 12%,var(--surface))}
[data-tone=good],[data-status=pass]{--tone:var(--good)}
[data-tone=warn],[data-status=warn]{--tone:var(--warn)}
[data-tone=bad],[data-status=fail]{--tone:var(--bad)}
[data-tone=none],[data-status=skipped]{--tone:var(--soft)}
.icon{width:1.2em;height:1.2em;flex:none;fill:none;stroke:var(--tone,currentColor);stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
.icon[data-icon=wait]{animation:turn 1s linear infinite}
.hidden{position:absolute;width:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
button,select{display:inline-flex;align-items:center;gap:.4rem;min-height:2.5rem;padding:.3rem .85rem;border:1px solid var(--line);border-radius:.6rem;background:var(--surface);color:var(--ink);font:inherit}
button:disabled{opacity:.6}
:focus-visible{outline:3px solid var(--good);outline-offset:2px}
code{font-family:ui-monospace,monospace;font-size:.85em;overflow-wrap:anywhere}
small{font-size:.875rem;color:var(--soft)}
@keyframes turn{to{rotate:1turn}}
@media(prefers-reduced-motion:reduce){.icon{animation:none!important}}
`

export const badgeStyles: string = `${common}
:host{display:inline-block}
button{border:1px solid var(--tone);border-radius:99rem;min-height:2.25rem;padding:.15rem .8rem;background:var(--tinted);font-weight:600;font-size:.9375rem;line-height:1.2;text-align:start}
small{display:block;font-weight:400;font-size:.75rem;color:inherit}
`

export const refusalStyles: string = `${common}
div{display:flex;gap:.75rem;padding:.85rem 1rem;border:1px solid var(--tone);border-radius:.85rem;background:var(--tinted)}
section{flex:1;min-width:0}
footer{display:flex;flex-wrap:wrap;gap:.5rem;margin-top:.6rem}
`

export const panelStyles: string = `${common}
dialog{width:min(32rem,100vw);max-width:none;height:100dvh;max-height:none;margin:0;margin-inline-start:auto;padding:0;border:0;color:inherit;background:var(--ground)}
dialog::backdrop{background:#000a}
.header{display:flex;align-items:center;justify-content:space-between;position:sticky;top:0;z-index:1;padding:.6rem 1.1rem;background:var(--surface)}
h2{font-size:1.1rem}h3{font-size:1rem;margin:1.1rem 0 .35rem}
.panel{padding:1rem 1.1rem 2rem;background:var(--ground);overflow-wrap:anywhere}
.answer,details{border:1px solid var(--line);border-radius:.85rem;background:var(--surface)}
.answer{padding:.9rem 1rem;border-inline-start:.4rem solid var(--tone)}
.word{display:flex;align-items:center;gap:.5rem;font-size:1.5rem;font-weight:750;line-height:1.2;color:var(--tone)}
.soft{color:var(--soft);font-size:.9375rem}
.what,summary{font-weight:600}
.note{margin-top:.6rem;padding:.5rem .7rem;border:1px solid var(--tone);border-radius:.6rem;background:var(--tinted)}
.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin-top:.7rem}
ul{padding-inline-start:1.2rem}ol{list-style:none;padding:0}
.chain li,.steps li{position:relative;display:flex;gap:.7rem;padding-bottom:.55rem}
.chain li+li::before{content:'';position:absolute;inset-inline-start:.85rem;top:-.55rem;height:.55rem;border-inline-start:2px solid var(--tone)}
.mark{display:grid;place-items:center;width:1.75rem;height:1.75rem;flex:none;border:2px solid var(--tone);border-radius:50%}
.mark .icon{width:1rem}
.link{min-width:0}.link>*{display:block;line-height:1.35}
details{margin-top:.6rem}
summary{padding:.6rem 1rem}
summary small{display:block;font-weight:400}
.body{padding:0 1rem 1rem}
.pcr,.cert{padding:.5rem 0;border-top:1px solid var(--line)}
.boot li{padding:.3rem .9rem;border-inline-start:3px dotted var(--line)}
.boot [data-verified=true]{border-inline-start:3px solid var(--good)}
.claimed{color:var(--soft);font-style:italic}
.measured{color:var(--good)}
.claimed,.measured{font-size:.875rem;display:block}
dt{color:var(--soft);margin-top:.5rem}dd{margin:0}
label{display:inline-flex;flex-wrap:wrap;align-items:center;gap:.5rem}
[role=switch]{width:1.4rem;height:1.4rem;accent-color:var(--good)}
`

/**
 * Puts a style sheet into a shadow root. A sheet that is constructed needs no permission of the page's `style-src`, which a `<style>` would
 * need.
 */
export function adopt(root: ShadowRoot, text: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(text)
  root.adoptedStyleSheets = [sheet]
}
