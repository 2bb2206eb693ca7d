// The page gets all its text as data and sets it as text, never as markup, so that no name of an
// image and no transcription can become part of the page.
#include "app/report_page.hpp"

namespace dbnet::app {
namespace {

constexpr const char* kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Text detection errors</title>
<style>
:root{--right:#2ea043;--missed:#e52e4d;--false:#ff8c00;--ignored:#8a8a8a;--line:#d9dce1}
*{box-sizing:border-box}
body{margin:0;font:14px/1.45 system-ui,sans-serif;color:#1d2127;background:#f4f5f7}
header{background:#fff;border-bottom:1px solid var(--line);padding:18px 24px 0}
h1{font-size:20px;margin:0 0 6px}
.figures{display:flex;flex-wrap:wrap;gap:4px 22px;margin:0 0 6px}
.figures b{font-size:18px;font-variant-numeric:tabular-nums}
.legend{display:flex;flex-wrap:wrap;gap:2px 18px;color:#555d68;margin:0 0 10px}
.legend i{display:inline-block;width:11px;height:11px;border:3px solid;border-radius:3px;
margin-right:6px;vertical-align:-1px}
nav{display:flex;flex-wrap:wrap;gap:2px}
nav button{border:0;border-bottom:3px solid transparent;background:none;padding:8px 12px;font:inherit;
cursor:pointer;color:#444c56}
nav button:hover{background:#f0f2f5}
nav button[aria-selected=true]{border-color:#2563eb;color:#111;font-weight:600}
nav span{color:#7b838e;font-weight:400;margin-left:5px}
#tools{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;
padding:10px 24px;background:#f4f5f7ee;border-bottom:1px solid var(--line)}
#tools select,#tools input{font:inherit;padding:4px 8px;border:1px solid #c3c8d0;border-radius:6px;
background:#fff}
#hint{color:#6a727d}
#cards{display:grid;gap:14px;padding:16px 24px 40px;
grid-template-columns:repeat(auto-fill,minmax(min(250px,100%),1fr))}
.card{display:flex;flex-direction:column;background:#fff;border:1px solid var(--line);
border-radius:8px;overflow:hidden;color:inherit;text-decoration:none;
content-visibility:auto;contain-intrinsic-size:auto 260px}
.card:hover,.card:focus-visible{border-color:#2563eb;box-shadow:0 2px 8px #0002;outline:0}
.card .picture{display:flex;align-items:center;justify-content:center;aspect-ratio:16/10;
background:#e6e8ec;color:#6a727d;overflow:hidden}
.card img{width:100%;height:100%;object-fit:contain;display:block}
.card .text{padding:8px 10px 10px}
.card b,.card q{display:block;overflow-wrap:anywhere}
.card small{color:#5c6570;display:block;overflow-wrap:anywhere}
.chips{display:flex;flex-wrap:wrap;gap:4px;margin-top:5px}
.chip{border-radius:9px;padding:0 8px;font-size:12px;background:#eef0f3;color:#444c56}
.kind0{background:#fde3e7;color:#a3132c}.kind1{background:#fbe4f4;color:#8a1a6b}
.kind2{background:#e6e3fd;color:#40319c}.kind3{background:#ddeefb;color:#0b5184}
.kind4{background:#ffeacc;color:#8a4b00}.none{background:#dff3e3;color:#1c6b2c}
dialog{border:0;padding:0;width:100vw;height:100vh;max-width:none;max-height:none;
background:#16191d;color:#e8eaed}
dialog[open]{display:grid;grid-template:auto minmax(0,1fr)/minmax(0,1fr) 330px}
#bar{grid-column:1/3;display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:8px 14px;
background:#22262c}
#bar b{overflow-wrap:anywhere;margin-right:auto}
#bar button{font:inherit;background:#343a43;color:inherit;border:0;border-radius:6px;padding:5px 12px;
cursor:pointer}
#bar button:hover{background:#4a525e}
#bar label{white-space:nowrap}
#stage{overflow:auto;outline:0;display:grid;place-items:center}
#stage svg{display:block;max-width:100%;max-height:100%;cursor:zoom-in}
#stage.full{place-items:start}
#stage.full svg{max-width:none;max-height:none;cursor:zoom-out}
#stage polygon{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
#stage .right{stroke:var(--right)}#stage .missed{stroke:var(--missed)}
#stage .false{stroke:var(--false)}#stage .ignored{stroke:var(--ignored);stroke-dasharray:5 4}
#stage .contour{stroke:#fff;stroke-dasharray:2 3}
#stage .lit{stroke-width:4;fill:#ffffff40}
#list{overflow:auto;background:#1d2126;padding:10px 12px;border-left:1px solid #000}
#list p{color:#aab2bd;margin:4px 2px 12px}
#list button{display:block;width:100%;text-align:left;font:inherit;color:inherit;background:#2a2f36;
border:1px solid transparent;border-radius:8px;padding:8px 10px;margin:0 0 8px;cursor:pointer}
#list button:hover,#list button.lit{border-color:#8ab4ff;background:#333a44}
#list q,#list small{display:block;overflow-wrap:anywhere}
#list small{color:#aab2bd}
@media(max-width:760px){header{padding:14px 12px 0}#tools{padding:8px 12px}
#cards{padding:12px 12px 30px;grid-template-columns:repeat(auto-fill,minmax(min(160px,100%),1fr));
gap:8px}
dialog[open]{grid-template:auto fit-content(55vh) minmax(0,1fr)/minmax(0,1fr)}#bar{grid-column:1}
#list{border:0}}
</style></head><body>
<header><h1>Text detection errors</h1><p class="figures" id="figures"></p>
<p class="legend"><span><i style="color:var(--right)"></i>right</span>
<span><i style="color:var(--missed)"></i>annotated, not found</span>
<span><i style="color:var(--false)"></i>found, not annotated</span>
<span><i style="color:var(--ignored)"></i>don't care</span></p>
<p id="note" hidden></p><nav id="tabs"></nav></header>
<div id="tools"><label>Sort by <select id="sort"></select></label>
<input id="search" type="search" placeholder="name or text" aria-label="name or text">
<span id="hint"></span></div>
<main id="cards"></main>
<dialog id="viewer"><div id="bar"><b id="title"></b>
<label><input type="checkbox" id="outlines" checked> outlines</label>
<label><input type="checkbox" id="others" checked> right and don't care</label>
<button id="previous" title="left arrow">&#9664; previous</button>
<button id="next" title="right arrow">next &#9654;</button>
<button id="close" title="Esc">close</button></div>
<div id="stage" tabindex="-1" autofocus></div><div id="list"></div></dialog>
<noscript><p style="padding:24px">This page needs JavaScript; its pictures are in the folders beside
it.</p></noscript>
<script type="application/json" id="data">)html";

constexpr const char* kScript = R"html(</script>
<script>
'use strict';
const report=JSON.parse(document.getElementById('data').textContent),images=report.images;
const $=id=>document.getElementById(id);
// By number: eval::ErrorKind.
const kinds=[
{many:'Misses',one:'miss',note:'annotated text that no finding comes near'},
{many:'Near misses',one:'near miss',note:'the best finding overlaps by an IoU of 0.3 or more, which is not enough'},
{many:'Splits',one:'split',note:'one text, found in pieces'},
{many:'Merges',one:'merge',note:'several texts, found as one'},
{many:'False positives',one:'false positive',note:'found where no text is annotated, or a second time'}];
// By number: eval::Fate of truths and findings.
const truthClass=['missed','right','ignored','','ignored'];
const findingClass=['false','right','ignored','','ignored'];
const errors=[];
images.forEach((image,i)=>{image.counts=[0,0,0,0,0];image.errors.forEach((error,k)=>{
++image.counts[error.kind];errors.push({...error,image:i,place:k});});});
const byName=(a,b)=>images[a].name.localeCompare(images[b].name,undefined,{numeric:true});
const element=(tag,options={},...children)=>{const node=Object.assign(document.createElement(tag),
options);node.append(...children);return node;};
const chip=(text,kind)=>element('span',{className:'chip '+kind,textContent:text});
const lazy=src=>element('img',{loading:'lazy',decoding:'async',alt:'',src});
const picture=(image,src)=>element('span',{className:'picture'},
image.number?lazy(src):'cannot be read');

function imageCard(i){const image=images[i],chips=element('span',{className:'chips'});
image.counts.forEach((n,k)=>{if(n)chips.append(chip(n+' '+(n>1?kinds[k].many.toLowerCase():
kinds[k].one),'kind'+k));});
if(!image.errors.length)chips.append(chip('no errors','none'));
return element('a',{className:'card',href:'#'+(i+1)},picture(image,'small/'+image.number+'.jpg'),
element('span',{className:'text'},element('b',{textContent:image.name}),
...(image.warnings||[]).map(text=>element('small',{textContent:'warning: '+text})),chips));}

function errorCard(error){const image=images[error.image];
const text=element('span',{className:'text'});
if(error.text)text.append(element('q',{textContent:error.text}));
text.append(element('small',{textContent:image.name+(error.iou?', IoU '+error.iou.toFixed(2):'')}));
for(const reason of error.reasons)text.append(element('small',{textContent:reason}));
return element('a',{className:'card',href:'#'+(error.image+1)+'-'+(error.place+1)},
picture(image,'errors/'+image.number+'-'+error.place+'.jpg'),text);}

// What can be shown: images, or the errors of one kind; and in which orders, the first by default.
const most=(name,value)=>[name,(a,b)=>value(images[b])-value(images[a])||byName(a,b)];
const imageOrders=[most('most errors',image=>image.errors.length),
...kinds.map((kind,k)=>most('most '+kind.many.toLowerCase(),image=>image.counts[k])),
most('lowest hmean',image=>-image.hmean),['name',byName]];
const place=(a,b)=>byName(a.image,b.image)||a.place-b.place;
const errorOrders=[['largest',(a,b)=>b.size-a.size||place(a,b)],
['smallest',(a,b)=>a.size-b.size||place(a,b)],['highest IoU',(a,b)=>b.iou-a.iou||place(a,b)],
['lowest IoU',(a,b)=>a.iou-b.iou||place(a,b)],
['reason',(a,b)=>(a.reasons[0]||'').localeCompare(b.reasons[0]||'',undefined,{numeric:true})||place(a,b)],
['image',place]];
const views=[{many:'Images',note:'a click opens an image',items:images.map((_,i)=>i),card:imageCard,
orders:imageOrders,words:i=>images[i].name},
...kinds.map((kind,k)=>({...kind,items:errors.filter(error=>error.kind===k),card:errorCard,
orders:errorOrders,words:error=>images[error.image].name+' '+error.text+' '+error.reasons.join(' ')}))];
let view=views[0],order=[];

function show(){const words=$('search').value.toLowerCase();
const items=view.items.filter(item=>view.words(item).toLowerCase().includes(words));
items.sort(view.orders[$('sort').value][1]);
order=view===views[0]?items:[...new Set(items.map(error=>error.image))];
$('hint').textContent=(words?items.length+' of '+view.items.length+': ':'')+view.note;
$('cards').replaceChildren(...items.map(view.card));}

function choose(chosen){view=chosen;
[...$('tabs').children].forEach((tab,i)=>tab.setAttribute('aria-selected',views[i]===view));
$('sort').replaceChildren(...view.orders.map(([name],value)=>element('option',{value,
textContent:name})));show();}

views.forEach(each=>$('tabs').append(element('button',{onclick:()=>choose(each)},each.many,
element('span',{textContent:each.items.length}))));
$('sort').onchange=$('search').oninput=show;
for(const [name,value] of [['precision',report.precision.toFixed(4)],['recall',
report.recall.toFixed(4)],['hmean',report.hmean.toFixed(4)],['images',images.length],
['texts',report.truths],['found',report.findings]])
$('figures').append(element('span',{},name+' ',element('b',{textContent:value})));
if(!report.explained){$('note').hidden=false;$('note').textContent="The detector's reasons are not "+
'known: these are result files without them. Run the model, or write the results with '+
'"dbnet predict --explain --format json".';}

const svgNode=(tag,attributes)=>{const node=document.createElementNS('http://www.w3.org/2000/svg',tag);
for(const name in attributes)node.setAttribute(name,attributes[name]);return node;};
let opened=-1;

function outline(shape,className,error){return svgNode('polygon',{points:shape.join(' '),
class:className,...(error===undefined?{}:{'data-error':error})});}

function draw(image,lit){const stage=$('stage');stage.replaceChildren();
if(!image.number){stage.append(image.problem);return;}
const svg=svgNode('svg',{viewBox:'0 0 '+image.width+' '+image.height,width:image.width,
height:image.height});
svg.append(svgNode('image',{href:'full/'+image.number+'.jpg',width:image.width,
height:image.height}));
if($('outlines').checked){
const shapes=[];
const add=(list,classes,key)=>list.forEach((shape,i)=>{const name=classes[shape[0]];
const wrong=name==='missed'||name==='false';
if(name&&(wrong||$('others').checked)){
const is=lit>=0&&image.errors[lit][key].includes(i);
shapes.push([wrong+is,outline(shape.slice(1),name+(is?' lit':''))]);}});
add(image.truths,truthClass,'truths');add(image.findings,findingClass,'findings');
shapes.sort((a,b)=>a[0]-b[0]);svg.append(...shapes.map(shape=>shape[1]));
if(lit>=0)for(const contour of image.errors[lit].contours||[])
svg.append(outline(contour,'contour'));}
svg.onclick=()=>{stage.classList.toggle('full');};stage.append(svg);
const target=svg.querySelector('.lit');
if(target&&stage.classList.contains('full'))target.scrollIntoView({block:'center',inline:'center'});}

function open(i,lit){const image=images[i],list=$('list'),viewer=$('viewer');
if(!viewer.open)viewer.showModal();
opened=i;
$('title').textContent=image.name+'  ('+(order.indexOf(i)+1||'-')+' of '+order.length+')';
list.replaceChildren(element('p',{textContent:image.errors.length?
'A click shows an error; a click on the picture its full size.':'No errors.'}));
image.errors.forEach((error,k)=>{
const button=element('button',{className:k===lit?'lit':'',
onclick:()=>{location.replace('#'+(i+1)+'-'+(k+1));}},
chip(kinds[error.kind].one+(error.iou?', IoU '+error.iou.toFixed(2):''),'kind'+error.kind));
if(error.text)button.append(element('q',{textContent:error.text}));
for(const reason of error.reasons)button.append(element('small',{textContent:reason}));
list.append(button);if(k===lit)button.scrollIntoView({block:'nearest'});});
draw(image,lit);}

function step(by){const at=order.indexOf(opened);
if(order.length)location.replace('#'+(order[(at+by+order.length)%order.length]+1));}
function follow(){const match=/^#(\d+)(?:-(\d+))?$/.exec(location.hash);
if(match&&images[match[1]-1]){const error=match[2]?match[2]-1:-1;
open(match[1]-1,images[match[1]-1].errors[error]?error:-1);}
else if($('viewer').open)$('viewer').close();}
$('viewer').onclose=()=>{opened=-1;if(location.hash.length>1)
history.replaceState(null,'',location.pathname+location.search);};
$('close').onclick=()=>$('viewer').close();
$('previous').onclick=()=>step(-1);$('next').onclick=()=>step(1);
$('outlines').onchange=$('others').onchange=follow;
window.onhashchange=follow;
document.onkeydown=event=>{if(opened<0)return;
if(event.key==='ArrowLeft')step(-1);if(event.key==='ArrowRight')step(1);};
choose(views[0]);follow();
</script></body></html>
)html";

}  // namespace

std::string report_page(const std::string& json) {
    std::string page = kHead;
    // Inside of a script element only "<" can end it.
    for (const char c : json) page += c == '<' ? std::string("\\u003c") : std::string(1, c);
    return page + kScript;
}

}  // namespace dbnet::app
