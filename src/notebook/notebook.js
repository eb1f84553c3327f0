// Runs in Jupyter's pages, put there by the front door. The Step Functions SDK's outputs ask AWS for
// two things that are answered here: the library that draws graphs (it loads `sfn` from a host of
// AWS's by require.js, which JupyterLab does not even have), and links to AWS's console. What is
// saved in notebooks stays as the SDK wrote it.
(() => {
  'use strict';

  const LIBRARY = 'https://do0of8uwbahzz.cloudfront.net/sfn';
  const CONSOLE = /^https:\/\/([\w-]+\.)?console\.(aws\.amazon\.com|amazonaws\.cn)\/states\//;
  // Where a console's address leads, and what is shown here instead; ARNs stay escaped.
  const PAGES = [
    [/^#\/(?:v2\/)?executions\/details\/(arn:[^?&/]+)/, 'executions'],
    [/^#\/(?:v2\/)?statemachines\/view\/(arn:[^?&/]+)/, 'statemachines'],
  ];
  const HOME = new URL('.', document.currentScript.src);
  // A wide graph is scaled down to its column, but not to where nobody can read it.
  const SCALE_MIN = 0.6;

  // --- Graphs. Scripts of the SDK, and they alone, find a `require` of ours: other libraries change
  // what they do when there is one, and in the classic Notebook there is a real one.

  let theirs = window.require;
  Object.defineProperty(window, 'require', {
    configurable: true,
    enumerable: true,
    get: () => (isFromSdk(document.currentScript) ? requireForSdk : theirs),
    set: (value) => { theirs = value; },
  });

  function isFromSdk(script) {
    return script !== null && script.text !== undefined && script.src === '' &&
        script.text.includes(LIBRARY) && script.text.includes('.render()');
  }

  function requireForSdk(names, use) {
    const script = document.currentScript;
    const id = /getElementById\('([\w-]+)'\)/.exec(script.text);
    if (id === null || names[0] !== 'sfn') return;
    const near = script.parentElement;
    whenThere(() => findGraph(id[1], near), (element) => use(drawer(element)));
  }
  requireForSdk.config = () => {};

  // The SDK numbers its graphs by chance, so that two may have one number: what stands beside the
  // script comes first, then what has no drawing yet.
  function findGraph(id, near) {
    const all = `#${CSS.escape(id)}.workflowgraph`;
    const beside = near === null ? null : near.querySelector(all);
    return beside ?? [...document.querySelectorAll(all)].find((one) => !('drawn' in one.dataset));
  }

  // The classic Notebook runs scripts before it shows the output that they belong to.
  function whenThere(find, then) {
    const found = find();
    if (found) {
      then(found);
      return;
    }
    const watch = new MutationObserver(() => {
      const later = find();
      if (!later) return;
      watch.disconnect();
      then(later);
    });
    watch.observe(document, { childList: true, subtree: true });
  }

  // What the SDK's scripts know as the module `sfn`.
  function drawer(element) {
    class Graph {
      constructor(definition, events, options) {
        this.wish = { definition, direction: options.layout === 'LR' ? 'right' : 'down' };
        if (events !== null) this.wish.events = events.map(essence);
      }
      render() { draw(element, this.wish); }
    }
    return {
      StateMachineGraph: class extends Graph {
        constructor(definition, selector, options) { super(definition, null, options); }
      },
      StateMachineExecutionGraph: class extends Graph {
        constructor(definition, history, selector, options) {
          super(definition, history.events, options);
        }
      },
    };
  }

  // What a state's colour depends on; inputs and outputs may be large.
  function essence(event) {
    const { id, type, previousEventId } = event;
    const name = (details) => (details === undefined ? undefined : { name: details.name });
    return {
      id, type, previousEventId,
      stateEnteredEventDetails: name(event.stateEnteredEventDetails),
      stateExitedEventDetails: name(event.stateExitedEventDetails),
    };
  }

  async function draw(element, wish) {
    element.dataset.drawn = '';
    const holder = document.createElement('div');
    element.querySelector(':scope > svg')?.replaceWith(holder);
    // AWS's stylesheet for graphs, where it can be loaded, must not style this one.
    const root = holder.attachShadow({ mode: 'open' });
    try {
      const answer = await fetch(new URL('graph', HOME), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(wish),
      });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      const { svg, colours } = await answer.json();
      show(root, svg);
      adaptLegend(element, colours);
    } catch (error) {
      root.textContent = `The graph could not be drawn by Trainyard: ${error.message}.`;
    }
  }

  function show(root, text) {
    const svg = document.importNode(
        new DOMParser().parseFromString(text, 'image/svg+xml').documentElement, true);
    svg.style.cssText = `display: block; max-width: 100%; height: auto; min-width: ${
        Math.round(SCALE_MIN * svg.getAttribute('width'))}px;`;
    root.host.style.cssText = 'overflow-x: auto; padding: 4px 0;';
    root.replaceChildren(svg);
  }

  // The SDK's legend floats over the graph, in the colours of AWS's drawing.
  function adaptLegend(element, colours) {
    const list = element.querySelector('.graph-legend ul');
    if (list === null) return;
    list.style.cssText = 'position: static; padding: 4px 0;';
    for (const [kind, status] of [['success', 'succeeded'], ['failed', 'failed'],
      ['cancelled', 'aborted'], ['in-progress', 'running'], ['caught-error', 'caught']]) {
      const swatch = list.querySelector(`.${kind}`);
      if (swatch !== null) swatch.style.backgroundColor = colours[status];
    }
  }

  // --- Links. One is changed when somebody is about to use it, which spares us watching the page.

  function redirect(event) {
    const link = event.target instanceof Element ? event.target.closest('a[href]') : null;
    if (link === null || !CONSOLE.test(link.href)) return;
    const { hash } = new URL(link.href);
    for (const [pattern, page] of PAGES) {
      const found = pattern.exec(hash);
      if (found !== null) link.href = new URL(`${page}/${found[1]}`, HOME);
    }
  }
  for (const kind of ['pointerover', 'focusin', 'click', 'auxclick', 'contextmenu']) {
    document.addEventListener(kind, redirect, { capture: true, passive: true });
  }
})();
