/* What the pages do beyond HTML. Without this file each of them still works. */
'use strict';
{
  const root = document.documentElement;
  const language = root.lang || undefined;
  const say = (text) => { document.getElementById('announcement').textContent = text; };
  root.classList.add('has-script');

  /* Moments, in the reader's zone and words. */
  const relative = new Intl.RelativeTimeFormat(language, {numeric: 'auto', style: 'short'});
  const steps = [[60, 'second'], [3600, 'minute'], [86400, 'hour'], [30 * 86400, 'day']];
  const lengths = {second: 1, minute: 60, hour: 3600, day: 86400};
  const timeZone = root.dataset.zone || undefined;
  const styles = {
    time: {dateStyle: 'medium', timeStyle: 'medium', timeZone},
    day: {dateStyle: 'medium', timeZone},
  };
  const shown = (element) => {
    const moment = new Date(element.dateTime);
    const style = element.dataset.when;
    if (style !== 'ago') return moment.toLocaleString(language, styles[style] || styles.time);
    const seconds = (moment - Date.now()) / 1000;
    const step = steps.find(([limit]) => Math.abs(seconds) < limit);
    if (!step) return moment.toLocaleDateString(language, styles.day);
    return relative.format(Math.round(seconds / lengths[step[1]]), step[1]);
  };
  const localise = (within) => within.querySelectorAll('time[data-when]').forEach((element) => {
    element.textContent = shown(element);
  });

  /* Menus close by Escape, giving the focus back, and by a click elsewhere. */
  const open = () => document.querySelectorAll(':is(.menu, .drawer)[open]');
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    open().forEach((menu) => {
      menu.open = false;
      menu.querySelector('summary').focus();
    });
  });

  const copied = async (button) => {
    const from = button.dataset.copyFrom;
    const text = from ? document.querySelector(from).textContent : button.dataset.copy;
    await navigator.clipboard.writeText(text);
    say(button.dataset.copied || 'Copied');
    button.classList.add('done');
    setTimeout(() => button.classList.remove('done'), 1500);
  };

  /* A link with data-dialog opens what it leads to as a dialog. */
  const ask = (address, opener) => htmx.ajax('GET', address, {target: '#dialog', swap: 'innerHTML'}).then(() => {
    const dialog = document.querySelector('#dialog dialog');
    if (!dialog) return;
    dialog.addEventListener('close', () => { dialog.remove(); opener.focus(); });
    dialog.showModal();
  });

  document.addEventListener('click', (event) => {
    open().forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
    const copy = event.target.closest('[data-copy], [data-copy-from]');
    if (copy) copied(copy);
    const plain = !event.ctrlKey && !event.metaKey && !event.shiftKey && window.htmx;
    const link = plain && event.target.closest('a[data-dialog]');
    if (link) {
      event.preventDefault();
      const menu = link.closest('details.menu');
      if (menu) menu.open = false;
      ask(link.href, menu ? menu.querySelector('summary') : link);
    }
    const close = event.target.closest('dialog [data-close]');
    if (close) { event.preventDefault(); close.closest('dialog').close(); }
  });

  /* A form of rows to choose from: how many are chosen, and all of them at once. */
  const count = (form) => {
    const boxes = [...form.querySelectorAll('input[data-row]')];
    const chosen = boxes.filter((box) => box.checked).length;
    form.querySelectorAll('[data-chosen]').forEach((place) => { place.textContent = chosen; });
    form.querySelectorAll('.bulk').forEach((bar) => { bar.hidden = !chosen; });
    const all = form.querySelector('input[data-all]');
    if (all) { all.checked = chosen > 0 && chosen === boxes.length; all.indeterminate = chosen > 0 && !all.checked; }
  };
  document.addEventListener('change', (event) => {
    const form = event.target.closest('form[data-rows]');
    if (form && event.target.matches('[data-all]')) {
      form.querySelectorAll('input[data-row]').forEach((box) => { box.checked = event.target.checked; });
    }
    if (form) count(form);
    const group = event.target.closest('[data-group]');
    if (group) choose(group, event.target);
    if (event.target.matches('[data-submit]')) event.target.form.requestSubmit();
  });

  /* Groups of boxes: the box of the group, and how many are chosen of all. */
  const choose = (group, box) => {
    const boxes = [...group.querySelectorAll('input[type=checkbox]:not([data-whole])')];
    if (box && box.matches('[data-whole]')) boxes.forEach((each) => { each.checked = box.checked; });
    const whole = group.querySelector('[data-whole]');
    const chosen = boxes.filter((each) => each.checked).length;
    if (whole) { whole.checked = chosen === boxes.length; whole.indeterminate = chosen > 0 && !whole.checked; }
    const picker = group.closest('[data-picker]');
    const place = picker && picker.querySelector('[data-picked]');
    if (place) place.textContent = picker.querySelectorAll('input[type=checkbox]:not([data-whole]):checked').length;
  };

  /* A field that hides what does not contain its words. */
  document.addEventListener('input', (event) => {
    const field = event.target.closest('input[data-filter]');
    if (!field) return;
    const words = field.value.trim().toLowerCase();
    const list = document.querySelector(field.dataset.filter);
    list.querySelectorAll('[data-item]').forEach((item) => {
      item.hidden = !item.textContent.toLowerCase().includes(words);
    });
    list.querySelectorAll('[data-group]').forEach((group) => {
      group.hidden = !group.querySelector('[data-item]:not([hidden])');
    });
  });

  /* Polling: not in a hidden tab, and not over what is chosen or focused. */
  document.addEventListener('htmx:beforeRequest', (event) => {
    const trigger = event.detail.elt.getAttribute('hx-trigger') || '';
    if (document.hidden && trigger.includes('every')) event.preventDefault();
  });
  document.addEventListener('htmx:beforeSwap', (event) => {
    const target = event.detail.target;
    if (!target.matches('[data-live]')) return;
    const busy = target.contains(document.activeElement) || target.querySelector('input:checked');
    if (busy) event.detail.shouldSwap = false;
  });
  document.addEventListener('htmx:afterSettle', (event) => localise(event.detail.elt));

  /* On a narrow screen what is chosen stands where it can be seen. */
  const reveal = (chosen) => {
    const strip = chosen.parentElement;
    const [inside, outside] = [chosen.getBoundingClientRect(), strip.getBoundingClientRect()];
    if (inside.right > outside.right) strip.scrollLeft += inside.right - outside.right;
  };

  const begin = () => {
    localise(document);
    document.querySelectorAll(':is(.tabs, .segments) > [aria-current]').forEach(reveal);
    document.querySelectorAll('form[data-rows]').forEach(count);
    document.querySelectorAll('[data-group]').forEach((group) => choose(group));
    setInterval(() => { if (!document.hidden) localise(document); }, 30000);
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
}
