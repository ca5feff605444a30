import { test } from 'vitest';
import { highlight } from './highlight';
test('x', async () => {
 for (const lang of ['js','ts','json','xml','css','python','bash','go','rust','java','c','cpp','sql','yaml','markdown','diff']) for (const base of ['a', '(', '<', '[', '"', '/', '*', '`', '{', '\\', '${', '<a ', 'a.', 'a(', '-- ', '/*', 'a: ', '1', '_', '#', '@a', '=> ', 'a<', '\'', 'a::', 'a\\\n','<<a\n']) for (const unit of [base.repeat(Math.floor(390/base.length))+' ', base.repeat(190)+'\n', base+' ', base+'\n']) {
   let out='';
   for (const n of [4000, 16000, 64000, 100000]) { const s=performance.now(); await highlight(lang, unit.repeat(Math.floor(n/unit.length))); const d=performance.now()-s; out+=` ${n}:${d|0}`; if (d>700) break; }
   if (/:(\d{4,}|[3-9]\d\d)/.test(out)) console.log(lang, JSON.stringify(unit.slice(0,8)+unit.slice(-2)), unit.length, out);
 }
}, 500000);
