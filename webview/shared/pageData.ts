/**
 * Reads what the host wrote into `<script type="application/json" id="…">`.
 * @throws Error when the page has no such element: the host's HTML and the page do not fit together
 */
export function readPageData(id: string): unknown {
  return JSON.parse(pageElement(id).textContent);
}

/** @throws Error like `readPageData` */
export function pageElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element "${id}"`);
  return element;
}
