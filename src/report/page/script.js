'use strict';
(() => {
  const tooltip = document.createElement('div');
  tooltip.className = 'tooltip';
  tooltip.setAttribute('role', 'status');
  tooltip.hidden = true;
  document.body.append(tooltip);
  let told = null;
  // Where it was when it was told.
  let place = null;

  const wordsOf = (element) => {
    if (element.dataset.tip) return element.dataset.tip;
    const [file, column, cohort, measure, policy, baseline] = JSON.parse(element.dataset.at);
    const against = baseline === undefined ? policy : `${policy} against ${baseline}`;
    return `${element.dataset.value}\n${measure}, ${column}\n${against}, ${cohort}\n${file}`;
  };

  const hide = () => {
    tooltip.hidden = true;
    told?.classList.remove('told');
    told = null;
  };

  const placeOf = (element) => {
    const { left, top } = element.getBoundingClientRect();
    return `${left} ${top}`;
  };

  // Beside a point of the window, and within it.
  const tell = (element, x, y) => {
    if (told !== element) {
      hide();
      told = element;
      told.classList.add('told');
      tooltip.textContent = wordsOf(element);
      tooltip.hidden = false;
    }
    place = placeOf(element);
    const { width, height } = tooltip.getBoundingClientRect();
    const gap = 14;
    const left = Math.min(x + gap, document.documentElement.clientWidth - width - 8);
    const above = y - height - gap;
    tooltip.style.left = `${Math.max(8, left)}px`;
    tooltip.style.top = `${above < 8 ? y + gap : above}px`;
  };

  const tellAtItself = (element) => {
    const { left, top, width } = element.getBoundingClientRect();
    tell(element, left + width / 2, Math.max(top, 0));
  };

  const tellable = (target) => target instanceof Element ? target.closest('[data-tip], [data-at]') : null;

  const follow = (event) => {
    const element = tellable(event.target);
    if (element) tell(element, event.clientX, event.clientY);
    else if (document.activeElement !== told) hide();
  };
  document.addEventListener('pointermove', follow);
  document.addEventListener('pointerdown', follow);
  document.addEventListener('pointerleave', hide);
  // Focus scrolls, too.
  document.addEventListener('scroll', () => {
    if (!told || placeOf(told) === place) return;
    if (told === document.activeElement) tellAtItself(told);
    else hide();
  }, { passive: true, capture: true });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') hide();
  });

  // Titles would be told twice.
  for (const element of document.querySelectorAll('[title]')) {
    element.dataset.tip = element.title;
    element.removeAttribute('title');
  }

  // What a plot tells is one stop of the Tab key; arrows go from one to the next.
  for (const svg of document.querySelectorAll('.plot .wide > svg')) {
    const tips = [...svg.querySelectorAll('.tip')];
    if (tips.length === 0) continue;
    svg.setAttribute('role', 'group');
    tips.forEach((tip, index) => {
      const title = tip.querySelector('title');
      tip.dataset.tip = title.textContent;
      tip.setAttribute('role', 'img');
      tip.setAttribute('aria-label', title.textContent);
      tip.setAttribute('tabindex', index === 0 ? '0' : '-1');
      title.remove();
      tip.addEventListener('focus', () => tellAtItself(tip));
      tip.addEventListener('blur', hide);
    });
    svg.addEventListener('keydown', (event) => {
      const at = tips.indexOf(document.activeElement);
      const last = tips.length - 1;
      const next = {
        ArrowRight: Math.min(at + 1, last),
        ArrowDown: Math.min(at + 1, last),
        ArrowLeft: Math.max(at - 1, 0),
        ArrowUp: Math.max(at - 1, 0),
        Home: 0,
        End: last,
      }[event.key];
      if (at < 0 || next === undefined) return;
      event.preventDefault();
      tips[at].setAttribute('tabindex', '-1');
      tips[next].setAttribute('tabindex', '0');
      tips[next].focus();
    });
  }

  const table = document.getElementById('scores');
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const opposite = { ascending: 'descending', descending: 'ascending' };
  const sortBy = (column) => {
    const heading = headings[column];
    const order = opposite[heading.getAttribute('aria-sort')] ?? heading.dataset.first;
    const sign = order === 'ascending' ? 1 : -1;
    const value = (row) => Number(row.cells[column].dataset.sort);
    headings.forEach((other) => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', order);
    body.append(...[...body.rows].sort((a, b) => sign * (value(a) - value(b))));
  };
  headings.forEach((heading, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(heading.firstElementChild);
    heading.prepend(button);
    button.addEventListener('click', () => sortBy(column));
  });

  for (const element of document.querySelectorAll('.scripted')) element.hidden = false;
})();
