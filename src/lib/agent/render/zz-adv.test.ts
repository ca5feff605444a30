import { test } from 'vitest';
import { toBlocks } from './markdown';
const N = 1_000_000;
const rep=(s:string,n=N)=>s.repeat(Math.ceil(n/s.length)).slice(0,n);
const cases: Record<string,string> = {
 quotes: rep('> '), quotesLines: rep(('> '.repeat(30)+'a\n')), quoteDeep2: rep('>'.repeat(500)+'a\n'), lists: rep('- '), listsDeep: Array.from({length:1400},(_, i)=>' '.repeat(i*2%1400)+'- a').join('\n').slice(0,N),
 olist: rep('1. '), mix: rep('> - '), lazy: '> '.repeat(2000)+'a\n'+rep('b\n'), lazy2: rep('> '.repeat(20)+'a\nb\n'), lazy3: rep('> - '.repeat(12)+'a\nb\n'),
 brackets: rep('['), brackets2: rep('[a]('), brackets3: rep('[a](<'), brackets4: rep(']'), imgs: rep('![['), link: rep('[a](b '), nestlink: rep('[')+'a'+rep(']('), refs: rep('[a]: b\n'), refuse: '[a]: b\n\n'+rep('[a]'), refs2: rep('[a][b]'),
 stars: rep('*'), stars2: rep('*a '), stars3: rep('**a *b '), stars4: rep('a**b'), stars5: rep('*a_ '), under: rep('_a '), tildes: rep('~~a '), tild: rep('~'), strong: rep('**x** '), nested: '*a **b '.repeat(5000)+'c** d*'.repeat(5000),
 ticks: Array.from({length:1400},(_, i)=>'`'.repeat(i+1)+'a').join(' ').slice(0,N), ticks2: rep('`a'), lt: rep('<'), lta: rep('<a '), lta2: rep('<a href="'), comment: rep('<!--'), pi: rep('<?'), cdata: rep('<![CDATA['), div: rep('<div>\n'), divb: rep('<div>\n\n'), 
 dollars: rep('$'), dollars2: rep('$a '), dollars3: rep('$$a\n'), parens: rep('\\(a '), brack: rep('\\[a\n'), backs: rep('\\'), ent: rep('&a'), ent2: rep('&#'), amp: rep('&amp;'), 
 at: rep('a@'), at2: rep('a.b@c '), www: rep('www.'), http: rep('http://'), httpa: rep('http://a.'), url2: 'http://a'+rep('(') , url3: 'http://a'+rep('&a;'), url4: rep('a.'), email: rep('a')+'@', email2: rep('a-'), emailu: rep('_a@b'), 
 table: '|a'.repeat(2500)+'|\n'+'|-'.repeat(2500)+'|\n'+rep('a\n'), tables: rep('|a|\n|-|-|\n'), tables2: rep('|a\n|-\n'), tables3: rep('a|b\n-|-\n1|2\n\n'), pipe: rep('|'), pipes: '|a|\n|-|\n'+rep('|'), dash: rep('-'), dash2: rep('- - '), eq: rep('a\n='), setext: rep('a\n')+'===', hr: rep('***\n'), hash: rep('#'), hash2: rep('# a\n'), fence: rep('```\n'), fence2: rep('```a`\n'), fence3: rep('~~~a\n\n'), indent: rep('    a\n\n'), spaces: rep(' '), tabs: rep('\t'), nl: rep('\n'), sp2: rep('a  \n'), brsp: rep('a '.padEnd(100)+'b'), brsp2: 'a'+rep(' ')+'b', words: rep('hello world and more '), para: rep('hello world and more\n'), paras: rep('hello world\n\n'), listp: rep('- a\n'), listl: rep('- a\n\n'), listn: rep('- a\n  - b\n    - c\n'), task: rep('- [ ] a\n'), def2: rep('[a]: <b\n'), def3: rep('[a\n'), def4: rep('[a]:\n'), def5: '[a]: b "'+rep('c\n'), zw: rep('\u200b\u200c'), tag: rep('\u{E0041}a'), flag: rep('\u{1F3F4}\u{E0067}'), nul: rep('\0'), surr: rep('\ud800'), ol9: rep('999999999. a\n'), listlong: '- '+rep('a '), quoteb: rep('> a\n\n'), quotelist: rep('> - a\n'), qfence: rep('> ```\n'), parenlink: '[a]('+rep('(')+rep(')'), titles: rep('[a](b "'), esc: rep('\\*'), anglelink: rep('[a](<b>'), codein: rep('`` ` '), starpunct: rep('*"a'), starun: rep('a*_'), imgdata: '![](data:image/png;base64,'+rep('A')+')', autol: rep('<http:a'), autol2: rep('<a@'), colon: rep(':-|'), crlf: rep('a\r\n')
};
test('adv', () => {
  const out: [number,string,number][] = [];
  for (const [k,s] of Object.entries(cases)) { const t=performance.now(); let b; try { b = toBlocks(s);} catch(e) { console.log(k,'THROW',e);continue;} const d = performance.now()-t; out.push([d,k,b.length]); if (d>1500) console.log('SLOW',k,d|0); }
  out.sort((a,b)=>b[0]-a[0]); console.log(out.slice(0,45).map(([d,k,n])=>`${k} ${d.toFixed(0)}ms ${n}`).join('\n'));
}, 590000);
