/* Comfort on top of pages that work without it: keys, counters, copying, charts. Loaded by base.html as a module.
   Everything hangs on data attributes and delegated events, so parts swapped in by htmx need no set-up but `enrich`.
   data-rows (table)      J/K move, Enter opens, X ticks      data-counter (textarea with maxlength)
   data-copy="text" | data-copy-from="#id"                    data-autosubmit (select, checkbox)
   data-check-all="name"  data-check-count="name"             data-chart='{ECharts option}'
   data-print (button)    data-guard (form: asks before unsaved text is left) */

const TYPING = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]';
const live = document.getElementById('live');

export function say(text) {
  if (!live) return;
  live.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { live.textContent = ''; }, 4000);
}

/* ---- keys ---- */
document.addEventListener('keydown', (event) => {
  if (event.isComposing) return; // an input method is choosing a character
  const typing = event.target.closest?.(TYPING);
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') return focusSearch(event);
  if ((event.ctrlKey || event.metaKey) && event.key === 'Enter' && typing?.form) {
    event.preventDefault();
    return typing.form.requestSubmit();
  }
  if (event.key === 'Escape') return closeMenus(event.target);
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
  if (event.key === '/') focusSearch(event);
  else if (event.key === '?') document.getElementById('shortcuts')?.showModal();
  else if ('jk'.includes(event.key)) moveRow(event, event.key === 'j' ? 1 : -1);
  else if (event.key === 'x') document.activeElement.closest('tr')?.querySelector('input[type=checkbox]')?.click();
});

function focusSearch(event) {
  const box = document.getElementById('global-search');
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function closeMenus(from) {
  document.querySelectorAll('details.menu[open], details.more[open]').forEach((menu) => {
    menu.open = false;
    if (menu.contains(from)) menu.querySelector('summary').focus();
  });
}

/* Focus goes to the row's own link: Enter then opens it without any code of ours, and readers announce it. */
function moveRow(event, step) {
  const table = document.activeElement.closest('table[data-rows]') ?? document.querySelector('table[data-rows]');
  const rows = [...(table?.tBodies[0]?.rows ?? [])].filter((row) => rowLink(row));
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement.closest('tr'));
  const next = here < 0 ? 0 : Math.min(Math.max(here + step, 0), rows.length - 1);
  event.preventDefault();
  rowLink(rows[next]).focus();
  rows[next].scrollIntoView({ block: 'nearest' });
}

const rowLink = (row) => row.querySelector('a.row-link') ?? row.querySelector('a[href]');

/* ---- menus close when one clicks elsewhere ---- */
document.addEventListener('click', (event) => {
  document.querySelectorAll('details.menu[open], details.more[open]').forEach((menu) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  const copier = event.target.closest('[data-copy], [data-copy-from]');
  if (copier) copy(copier);
  if (event.target.closest('[data-print]')) window.print();
});

async function copy(button) {
  const source = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom);
  const text = source ? (source.value ?? source.innerText) : button.dataset.copy;
  say((await copied(text)) ? '已复制' : '浏览器不允许复制，请手工选择');
}

/* The clipboard API needs HTTPS; inside a government network plain HTTP is common. */
async function copied(text) {
  if (window.isSecureContext) return navigator.clipboard.writeText(text).then(() => true, () => false);
  const area = Object.assign(document.createElement('textarea'), { value: text, className: 'visually-hidden' });
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}

/* ---- forms ---- */
document.addEventListener('input', (event) => {
  if (event.target.matches('[data-counter]')) showCount(event.target);
  event.target.closest('form[data-guard]')?.setAttribute('data-dirty', '');
});

document.addEventListener('change', (event) => {
  const control = event.target;
  if (control.dataset.checkAll) {
    boxes(control.dataset.checkAll).forEach((box) => { box.checked = control.checked; });
  }
  if (control.matches('input[type=checkbox]')) countChecked(control.dataset.checkAll ?? control.name);
  if (control.matches('[data-autosubmit]')) control.form.requestSubmit();
});

/* A second click while the first is on its way would post twice. htmx forms answer in place and are left alone. */
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post') return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = 'yes';
  form.removeAttribute('data-dirty');
});
addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach((form) => delete form.dataset.sent));
addEventListener('beforeunload', (event) => { if (document.querySelector('form[data-dirty]')) event.preventDefault(); });

function showCount(area) {
  let counter = area.nextElementSibling;
  if (!counter?.classList.contains('counter')) {
    counter = Object.assign(document.createElement('small'), { className: 'counter', ariaHidden: 'true' });
    area.after(counter);
  }
  counter.textContent = `${area.value.length} / ${area.maxLength}`;
  counter.classList.toggle('is-near', area.value.length > area.maxLength * 0.95);
}

const boxes = (name) => document.querySelectorAll(`tbody input[type=checkbox][name="${CSS.escape(name)}"]`);

function countChecked(name) {
  const all = [...boxes(name)];
  const chosen = all.filter((box) => box.checked).length;
  document.querySelectorAll(`[data-check-count="${CSS.escape(name)}"]`).forEach((spot) => { spot.textContent = chosen; });
  const head = document.querySelector(`[data-check-all="${CSS.escape(name)}"]`);
  if (head) Object.assign(head, { checked: chosen > 0 && chosen === all.length, indeterminate: chosen > 0 && chosen < all.length });
}

/* ---- charts: the library comes only where there is one ---- */
const THEME = {
  color: ['#1d4b91', '#7fa3d8', '#4b8b7f', '#c9a24a', '#8896a6', '#b5656b'],
  textStyle: { fontFamily: 'inherit', color: '#1c2733' },
};
const AXIS = { axisLine: { lineStyle: { color: '#c9d2dc' } }, axisTick: { show: false }, axisLabel: { color: '#5c6b7d', fontSize: 12 }, splitLine: { lineStyle: { color: '#ebeff4' } } };

/* The HTML tooltip writes style attributes, which the CSP forbids: tooltips are drawn on the canvas. */
function completed(option, font) {
  const axis = (given) => given && [given].flat().map((one) => ({ ...AXIS, ...one }));
  return {
    animation: false, grid: { left: 8, right: 16, top: 34, bottom: 4, containLabel: true }, ...THEME, ...option,
    ...(option.xAxis && { xAxis: axis(option.xAxis) }), ...(option.yAxis && { yAxis: axis(option.yAxis) }),
    textStyle: { ...THEME.textStyle, fontFamily: font },
    legend: option.legend && { top: 0, left: 0, itemWidth: 12, itemHeight: 8, ...option.legend },
    tooltip: { trigger: option.xAxis ? 'axis' : 'item', confine: true, ...option.tooltip, renderMode: 'richText' },
  };
}

let library;
function echarts() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    Object.assign(script, { src: new URL('vendor/echarts.common.min.js', import.meta.url), onload: () => resolve(window.echarts), onerror: reject });
    document.head.append(script);
  });
  return library;
}

async function draw(spot) {
  spot.dataset.ready = '';
  const tools = await echarts();
  const chart = tools.init(spot, null, { renderer: 'canvas' });
  chart.setOption(completed(JSON.parse(spot.dataset.chart), getComputedStyle(document.body).fontFamily));
  new ResizeObserver(() => chart.resize()).observe(spot);
}

/* ---- parts that need a first touch, on load and after each swap ---- */
function enrich(root) {
  root.querySelectorAll('textarea[data-counter]').forEach(showCount);
  root.querySelectorAll('[data-chart]:not([data-ready])').forEach((spot) => draw(spot).catch(() => say('图表未能加载，请看数据表')));
  root.querySelector('[data-autofocus]')?.focus();
}
enrich(document);
document.addEventListener('htmx:load', (event) => { if (event.detail.elt !== document.body) enrich(event.detail.elt); });
document.addEventListener('htmx:responseError', (event) => say(`没有成功（${event.detail.xhr.status}），请重试或刷新页面`));
document.addEventListener('htmx:sendError', () => say('网络不通，内容还在页面上，请稍后再试'));
